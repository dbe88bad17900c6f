// Encryption of secrets at rest: the official PASERK vectors in both directions, and everything altered refused.
import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  NotOpenedError,
  openWithKey,
  openWithPassphrase,
  wrapWithKey,
  wrapWithPassphrase,
} from '@claimcheck/app-server/keys';

interface Vector {
  name: string;
  kind: 'secret' | 'local';
  unwrapped: string;
  password?: string;
  'wrapping-key'?: string;
  paserk: string;
}

const file = new URL('../../../test/keys/paserk-vectors.json', import.meta.url);
const vectors = JSON.parse(await readFile(file, 'utf8')) as Vector[];
const byPassword = vectors.filter(({ password }) => password !== undefined);
const byKey = vectors.filter((vector) => vector['wrapping-key'] !== undefined);
/** Cheap: these tests are about something else than the cost. */
const COSTS = { memoryKib: 64, passes: 1, lanes: 1 };

describe('the official vectors', () => {
  test('are all here', () => {
    expect([byPassword.length, byKey.length]).toEqual([4, 4]);
  });

  test.each(byPassword)('$name opens with its password', async (vector) => {
    const { kind, paserk, password = '', unwrapped } = vector;
    expect((await openWithPassphrase(kind, paserk, password)).toString('hex')).toBe(unwrapped);
    await expect(openWithPassphrase(kind, paserk, `${password}.`)).rejects.toThrow(NotOpenedError);
  });

  test.each(byKey)('$name opens with its key', ({ kind, paserk, unwrapped, ...vector }) => {
    const key = Buffer.from(vector['wrapping-key'] ?? '', 'hex');
    expect(openWithKey(kind, paserk, key).toString('hex')).toBe(unwrapped);
    expect(() => openWithKey(kind, paserk, randomBytes(32))).toThrow(NotOpenedError);
  });
});

describe.each([
  ['secret', 64],
  ['local', 32],
] as const)('a %s of %i bytes', (kind, length) => {
  const secret = randomBytes(length);

  test('comes back from a passphrase, and is written in another way each time', async () => {
    const texts = [
      await wrapWithPassphrase(kind, secret, 'a long passphrase', COSTS),
      await wrapWithPassphrase(kind, secret, 'a long passphrase', COSTS),
    ];
    expect(texts[0]).not.toBe(texts[1]);
    for (const text of texts)
      expect((await openWithPassphrase(kind, text, 'a long passphrase')).equals(secret)).toBe(true);
  });

  test('comes back from a key, and is written in another way each time', () => {
    const key = randomBytes(32);
    const texts = [wrapWithKey(kind, secret, key), wrapWithKey(kind, secret, key)];
    expect(texts[0]).not.toBe(texts[1]);
    for (const text of texts) expect(openWithKey(kind, text, key).equals(secret)).toBe(true);
  });

  test('is refused with any one bit changed, cut off, lengthened or under another header', async () => {
    const key = randomBytes(32);
    const wrapped = wrapWithKey(kind, secret, key);
    const sealed = await wrapWithPassphrase(kind, secret, 'a long passphrase', COSTS);
    for (const altered of alterationsOf(wrapped))
      expect(() => openWithKey(kind, altered, key)).toThrow(NotOpenedError);
    for (const altered of alterationsOf(sealed))
      await expect(openWithPassphrase(kind, altered, 'a long passphrase')).rejects.toThrow(
        NotOpenedError,
      );
    const other = kind === 'secret' ? 'local' : 'secret';
    expect(() => openWithKey(other, wrapped, key)).toThrow(NotOpenedError);
  });
});

test('a file that asks for all of the memory is refused unread', async () => {
  const text = await wrapWithPassphrase('local', randomBytes(32), 'a long passphrase', COSTS);
  const bytes = Buffer.from(text.slice('k4.local-pw.'.length), 'base64url');
  bytes.writeBigUInt64BE(2n ** 50n, 16);
  const greedy = `k4.local-pw.${bytes.toString('base64url')}`;
  await expect(openWithPassphrase('local', greedy, 'a long passphrase')).rejects.toThrow('costs');
});

/** One bit of every eighth byte, costs apart, which are refused in another way; and other lengths. */
function alterationsOf(text: string): string[] {
  const dot = text.lastIndexOf('.') + 1;
  const bytes = Buffer.from(text.slice(dot), 'base64url');
  const flipped: string[] = [];
  for (let i = 0; i < bytes.length; i += 8) {
    if (text.includes('-pw.') && i >= 16 && i < 32) continue;
    const altered = Buffer.from(bytes);
    altered.writeUInt8(bytes.readUInt8(i) ^ (1 << (i % 8)), i);
    flipped.push(text.slice(0, dot) + altered.toString('base64url'));
  }
  return [...flipped, text.slice(0, -4), `${text}AAAA`, `${text}\n`, text.replace('k4.', 'k3.')];
}
