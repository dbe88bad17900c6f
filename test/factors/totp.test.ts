// Codes of authenticator apps against the vectors of RFC 6238, the window around now, and what is kept of a
// secret at rest.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createSecretSeal, drawQrCode, matchTotp, totpUrl } from '@claimcheck/app-server';
import { Secret, TOTP, URI } from 'otpauth';

/** RFC 6238 appendix B: seeds of the digest's length, eight digits, by seconds since 1970. */
const ALGORITHMS = { SHA1: 20, SHA256: 32, SHA512: 64 } as const;
const VECTORS = [
  [59, '94287082', '46119246', '90693936'],
  [1_111_111_109, '07081804', '68084774', '25091201'],
  [1_111_111_111, '14050471', '67062674', '99943326'],
  [1_234_567_890, '89005924', '91819424', '93441116'],
  [2_000_000_000, '69279037', '90698825', '38618901'],
  [20_000_000_000, '65353130', '77737706', '47863826'],
] as const;

const seedOf = (bytes: number) => Buffer.from('1234567890'.repeat(7).slice(0, bytes));

describe('the vectors of RFC 6238', () => {
  describe.each(Object.entries(ALGORITHMS))('with %s', (algorithm, bytes) => {
    const column = Object.keys(ALGORITHMS).indexOf(algorithm) + 1;
    const secret = new Secret({ buffer: new Uint8Array(seedOf(bytes)).buffer });
    const totp = new TOTP({ algorithm, digits: 8, period: 30, secret });

    test.each(VECTORS)('are those of the library, at %i s', (...vector) => {
      expect(totp.generate({ timestamp: vector[0] * 1000 })).toBe(vector[column]);
    });
  });

  test.each(VECTORS)('with SHA-1 are accepted in six digits, at %i s', (...vector) => {
    const [seconds, code] = vector;
    const step = Math.floor(seconds / 30);
    expect(matchTotp(seedOf(20), code.slice(2), seconds * 1000)).toBe(step);
  });
});

describe('a code', () => {
  const secret = seedOf(20);
  const nowMs = 1_234_567_890_000;
  const codeAt = (ms: number) =>
    new TOTP({ secret: new Secret({ buffer: new Uint8Array(secret).buffer }) }).generate({
      timestamp: ms,
    });

  test.each([-1, 0, 1])('of %i steps from now counts, as that step', (steps) => {
    const code = codeAt(nowMs + steps * 30_000);
    expect(matchTotp(secret, code, nowMs)).toBe(Math.floor(nowMs / 30_000) + steps);
  });

  test.each([-2, 2, -10, 100])('of %i steps from now does not', (steps) => {
    expect(matchTotp(secret, codeAt(nowMs + steps * 30_000), nowMs)).toBeUndefined();
  });

  test.each(['', '00000', '0000000', 'abcdef', '12 456', '-12345', '１２３４５６'])(
    'that is none, “%s”, does not',
    (text) => {
      expect(matchTotp(secret, text, nowMs)).toBeUndefined();
    },
  );
});

describe('the address in the QR code', () => {
  test('names the server, the account and the secret, and says nothing that apps misread', () => {
    const url = totpUrl(seedOf(20), 'claimcheck app.example.org', 'ada@example.org');
    expect(URI.parse(url)).toMatchObject({
      issuer: 'claimcheck app.example.org',
      label: 'ada@example.org',
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
    });
  });

  test('is drawn with the quiet zone that readers need, and within it nothing', () => {
    const { size, path } = drawQrCode('otpauth://totp/x?secret=A');
    const starts = [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(([, x, y, width]) => ({
      left: Number(x),
      right: Number(x) + Number(width),
      y: Number(y),
    }));
    expect(starts.length).toBeGreaterThan(50);
    expect(Math.min(...starts.map(({ left, y }) => Math.min(left, y)))).toBe(4);
    expect(Math.max(...starts.map(({ right, y }) => Math.max(right, y + 1)))).toBe(size - 4);
  });
});

describe('a secret at rest', () => {
  const keyed = (key: string) => (purpose: string) =>
    createHmac('sha256', key).update(purpose).digest('hex');
  const seal = createSecretSeal(keyed('one'));
  const secret = seedOf(20);

  test('opens for its account, differs each time, and does not show what it is', () => {
    const sealed = seal.seal(secret, 'account-1');
    expect(Buffer.from(seal.open(sealed, 'account-1'))).toEqual(secret);
    expect(seal.seal(secret, 'account-1')).not.toBe(sealed);
    expect(Buffer.from(sealed.slice(3), 'base64url').includes(secret.subarray(0, 6))).toBe(false);
  });

  test('does not open for another account, under another key, or altered in any byte', () => {
    const sealed = seal.seal(secret, 'account-1');
    expect(() => seal.open(sealed, 'account-2')).toThrow(/does not open/);
    expect(() => createSecretSeal(keyed('two')).open(sealed, 'account-1')).toThrow(/does not open/);
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (const i of bytes.keys()) {
      const altered = Buffer.from(bytes);
      altered[i] = (altered[i] ?? 0) ^ 1;
      expect(() => seal.open(`v1.${altered.toString('base64url')}`, 'account-1')).toThrow();
    }
    for (const cut of ['', 'v1.', 'v2.AAAA', sealed.slice(0, 20)]) {
      expect(() => seal.open(cut, 'account-1')).toThrow();
    }
  });
});
