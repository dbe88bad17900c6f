// The search itself: it must see a secret in every spelling and at every place in a text, and must not see one
// where there is none, or its silence on the dumps would say nothing.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findSecrets, secret } from './find-secrets.js';

const bytes = randomBytes(32);
const id = bytes.toString('base64url');

function isFound(what: ReturnType<typeof secret>, content: Buffer | string): boolean {
  const place = { name: 'a place', content: Buffer.from(content) };
  return findSecrets([what], [place]).length > 0;
}

describe('a secret is found', () => {
  const spellings: [string, Buffer | string][] = [
    ['as it was handed out', id],
    ['as bytes', bytes],
    ['as hex', bytes.toString('hex')],
    ['as hex in capitals', bytes.toString('hex').toUpperCase()],
    ['as base64', bytes.toString('base64')],
    ['as hex of its text', Buffer.from(id).toString('hex')],
    ['as base64 of its text', Buffer.from(id).toString('base64')],
  ];
  test.each(spellings)('%s', (_, spelling) => {
    const around = [Buffer.from('before "'), Buffer.from(spelling), Buffer.from('" after')];
    expect(isFound(secret('id', id), Buffer.concat(around))).toBe(true);
  });

  test.each([0, 1, 2, 3, 4, 5])('in base64 of a text in which it stands at %d', (at) => {
    const text = Buffer.from(`${'.'.repeat(at)}${id} and more`);
    expect(isFound(secret('id', id), text.toString('base64'))).toBe(true);
    expect(isFound(secret('id', id), text.toString('base64url'))).toBe(true);
  });

  test('that is base32, grouped or not, also as its bytes', () => {
    const totp = secret('totp', 'GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ');
    expect(isFound(totp, 'gezdgnbvgy3tqojqgezdgnbvgy3tqojq')).toBe(true);
    expect(isFound(totp, '12345678901234567890')).toBe(true);
    expect(isFound(totp, Buffer.from('12345678901234567890').toString('hex'))).toBe(true);
  });

  test('in an address, in a form and in JSON', () => {
    const password = secret('password', 'a "quoted" phrase');
    expect(isFound(password, '?p=a%20%22quoted%22%20phrase')).toBe(true);
    expect(isFound(password, 'p=a+%22quoted%22+phrase')).toBe(true);
    expect(isFound(password, '{"p":"a \\"quoted\\" phrase"}')).toBe(true);
  });

  test('that is short where it stands by itself, and not inside of numbers', () => {
    const code = secret('code', '123456');
    expect(isFound(code, 'the code is 123456,')).toBe(true);
    expect(isFound(code, '{"code":"123456"}')).toBe(true);
    expect(isFound(code, '91234567 0.123456 a123456b')).toBe(false);
  });
});

test('another secret of the same kind is not found', () => {
  const another = secret('id', randomBytes(32).toString('base64url'));
  expect(isFound(another, `${id} ${bytes.toString('hex')} ${bytes.toString('base64')}`)).toBe(
    false,
  );
});

test('a secret that there is none of is no secret', () => {
  expect(() => secret('id', '')).toThrow(/there is none/);
});
