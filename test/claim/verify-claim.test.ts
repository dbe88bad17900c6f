// What a verifier accepts and refuses, to the second and to the character.
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  acceptableUntil,
  CLOCK_TOLERANCE_SECONDS,
  MAX_COPY_SECONDS,
  createClaimVerifier,
  etagOf,
  forgetBurnAt,
  isStorageKey,
  MAX_TOKEN_LENGTH,
  readPublishedKeys,
} from '@claimcheck/shared/claim';
import { mintClaim, newNonce } from '@claimcheck/shared/mint';
import fc from 'fast-check';
import { sign } from 'paseto-ts/v4';
import { PublicProtocol } from 'paseto';
import { ExportSecretKeyFactory } from 'paseto/v4/public';
import {
  AUDIENCE,
  downloadVerifier,
  ISSUER,
  NOW_MS,
  sampleKeys,
  sampleSentence,
} from './sample-claim.js';

const { key, ring } = await sampleKeys();
const verify = downloadVerifier(ring);
const secretPaserk = await new PublicProtocol(ExportSecretKeyFactory).ExportSecretKey(key.secret);
const IAT_S = NOW_MS / 1000;

/** Signs anything with our own key: what a confused or hostile minter inside the house could send. */
function signRaw(payload: object, footer: unknown = { kid: key.id }): string {
  const text = typeof footer === 'string' ? footer : JSON.stringify(footer);
  return sign(secretPaserk, JSON.stringify(payload), {
    footer: new TextEncoder().encode(text),
    addIat: false,
    addExp: false,
    validatePayload: false,
  });
}

const SHA256 = 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ';
const whole = { ...sampleSentence(), iat: '2026-11-22T12:00:00Z', exp: '2026-11-22T12:02:00Z' };

describe('a claim', () => {
  test('is verified as it was minted', async () => {
    const { token, claim, expiresAtMs } = await mintClaim(key, sampleSentence(), NOW_MS);
    expect(await verify(token, NOW_MS)).toEqual({ ok: true, claim, keyId: key.id, mayBegin: true });
    expect(expiresAtMs).toBe(NOW_MS + 120_000);
  });

  test('stays under 750 characters when it is a typical one', async () => {
    const { token } = await mintClaim(key, sampleSentence({ mod: 'resumable' }), NOW_MS);
    expect(token.length).toBeLessThan(750);
  });

  test('is accepted up to exp plus the tolerance, and expired a millisecond later', async () => {
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS, 60);
    const last = NOW_MS + 60_000 + CLOCK_TOLERANCE_SECONDS * 1000;
    expect(last).toBe(acceptableUntil(IAT_S + 60));
    expect(await verify(token, last)).toMatchObject({ ok: true });
    expect(await verify(token, last + 1)).toMatchObject({ ok: false, refusal: 'expired' });
  });

  test('that is resumable is accepted for another day, for a copy that has begun', async () => {
    const { token } = await mintClaim(key, sampleSentence({ mod: 'resumable' }), NOW_MS, 60);
    const last = acceptableUntil(IAT_S + 60);
    expect(await verify(token, last)).toMatchObject({ ok: true, mayBegin: true });
    expect(await verify(token, last + 1)).toMatchObject({ ok: true, mayBegin: false });
    const end = last + MAX_COPY_SECONDS * 1000;
    expect(await verify(token, end)).toMatchObject({ ok: true, mayBegin: false });
    expect(await verify(token, end + 1)).toMatchObject({ ok: false, refusal: 'expired' });
  });

  test('is accepted up to the tolerance before iat, and not a millisecond earlier', async () => {
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
    const first = NOW_MS - CLOCK_TOLERANCE_SECONDS * 1000;
    expect(await verify(token, first)).toMatchObject({ ok: true });
    expect(await verify(token, first - 1)).toMatchObject({ reason: 'issued-in-future' });
  });

  test('can never be acceptable after its burn was forgotten', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e9 }),
        (exp) => forgetBurnAt(exp) > acceptableUntil(exp),
      ),
    );
  });

  test('of a life over 15 minutes is refused, whatever it says', async () => {
    const long = signRaw({ ...whole, exp: '2026-11-22T12:15:01Z' });
    expect(await verify(long, NOW_MS)).toMatchObject({ reason: 'life-too-long' });
    const longest = signRaw({ ...whole, exp: '2026-11-22T12:15:00Z' });
    expect(await verify(longest, NOW_MS)).toMatchObject({ ok: true });
    const backwards = signRaw({ ...whole, exp: '2026-11-22T12:00:00Z' });
    expect(await verify(backwards, NOW_MS)).toMatchObject({ reason: 'life-too-long' });
  });

  test('expired and for somebody else is invalid, not expired', async () => {
    const { token } = await mintClaim(key, sampleSentence({ aud: 'http://localhost:9' }), NOW_MS);
    expect(await verify(token, NOW_MS + 1e9)).toMatchObject({ reason: 'wrong-audience' });
  });
});

describe('a claim for another', () => {
  const cases: [string, object, string][] = [
    ['audience', { ...whole, aud: 'http://localhost:3001/' }, 'wrong-audience'],
    ['issuer', { ...whole, iss: 'http://localhost:3000.evil.example' }, 'wrong-issuer'],
    ['purpose', { ...whole, act: 'sign-in' }, 'bad-shape'],
  ];
  test.each(cases)('%s is refused', async (_, payload, reason) => {
    expect(await verify(signRaw(payload), NOW_MS)).toMatchObject({ ok: false, reason });
  });

  test('verifier, a sign-in claim at the download server and the other way round, is refused', async () => {
    const { act: _act, fil: _fil, mod: _mod, ses: _ses, ...common } = sampleSentence();
    const signIn = await mintClaim(key, { ...common, act: 'sign-in' }, NOW_MS);
    expect(await verify(signIn.token, NOW_MS)).toMatchObject({ reason: 'bad-shape' });
    const verifySignIn = createClaimVerifier({
      act: 'sign-in',
      issuer: ISSUER,
      audience: AUDIENCE,
      keys: ring,
    });
    expect(await verifySignIn(signIn.token, NOW_MS)).toMatchObject({ ok: true });
    const download = await mintClaim(key, sampleSentence(), NOW_MS);
    expect(await verifySignIn(download.token, NOW_MS)).toMatchObject({ reason: 'bad-shape' });
  });

  test.each(['sign-in', 'reset-password', 'accept-invitation'] as const)(
    'purpose than %s is refused there, though its shape is the same',
    async (act) => {
      const { act: _act, fil: _fil, mod: _mod, ses: _ses, ...common } = sampleSentence();
      for (const other of ['sign-in', 'reset-password', 'accept-invitation'] as const) {
        const { token } = await mintClaim(key, { ...common, act: other }, NOW_MS);
        const verifyOther = createClaimVerifier({
          act,
          issuer: ISSUER,
          audience: AUDIENCE,
          keys: ring,
        });
        expect((await verifyOther(token, NOW_MS)).ok).toBe(act === other);
      }
    },
  );

  test('key, even under our key id, is refused', async () => {
    const other = await sampleKeys();
    const { token } = await mintClaim(other.key, sampleSentence(), NOW_MS);
    expect(await verify(token, NOW_MS)).toMatchObject({ reason: 'unknown-key' });
    const relabelled = await mintClaim({ ...other.key, id: key.id }, sampleSentence(), NOW_MS);
    expect(await verify(relabelled.token, NOW_MS)).toMatchObject({ reason: 'bad-signature' });
  });
});

describe('a claim that lacks or adds something', () => {
  test.each(Object.keys(whole).filter((field) => field !== 'ses'))(
    'lacking %s is refused',
    async (field) => {
      const { [field as keyof typeof whole]: _, ...rest } = whole;
      expect(await verify(signRaw(rest), NOW_MS)).toMatchObject({
        ok: false,
        refusal: 'invalid-claim',
      });
    },
  );

  test.each(Object.keys(whole.fil))('lacking fil.%s is refused', async (field) => {
    const { [field as keyof typeof whole.fil]: _, ...fil } = whole.fil;
    expect(await verify(signRaw({ ...whole, fil }), NOW_MS)).toMatchObject({
      reason: 'bad-shape',
    });
  });

  const hostile: [string, object][] = [
    ['a field we do not know', { ...whole, admin: true }],
    ['a file field we do not know', { ...whole, fil: { ...whole.fil, root: '/' } }],
    ['an escaping storage key', { ...whole, fil: { ...whole.fil, key: '../secret' } }],
    ['an absolute storage key', { ...whole, fil: { ...whole.fil, key: '/etc/passwd' } }],
    ['a NUL in the storage key', { ...whole, fil: { ...whole.fil, key: 'a\0b' } }],
    ['a negative size', { ...whole, fil: { ...whole.fil, size: -1 } }],
    ['a fractional size', { ...whole, fil: { ...whole.fil, size: 1.5 } }],
    ['a size as text', { ...whole, fil: { ...whole.fil, size: '1' } }],
    [
      'a header injection in the type',
      { ...whole, fil: { ...whole.fil, type: 'text/plain\r\nX: y' } },
    ],
    ['an unpaired surrogate in the name', { ...whole, fil: { ...whole.fil, name: '\ud800.txt' } }],
    ['a name over 255 bytes', { ...whole, fil: { ...whole.fil, name: 'é'.repeat(128) } }],
    ['a hash and an entity tag', { ...whole, fil: { ...whole.fil, etag: 'Zm9vYmFyYmF6cXV4' } }],
    ['a hash of 42 characters', { ...whole, fil: { ...whole.fil, sha256: SHA256.slice(1) } }],
    ['a hash of 44 characters', { ...whole, fil: { ...whole.fil, sha256: `A${SHA256}` } }],
    [
      'a hash with bits to spare',
      { ...whole, fil: { ...whole.fil, sha256: `${SHA256.slice(0, 42)}R` } },
    ],
    ['a short nonce', { ...whole, jti: 'abc' }],
    ['a nonce with bits to spare', { ...whole, jti: `${newNonce().slice(0, 21)}B` }],
    ['a time in another zone', { ...whole, exp: '2026-11-22T12:02:00+00:00' }],
  ];
  test.each(hostile)('with %s is refused', async (_, payload) => {
    expect(await verify(signRaw(payload), NOW_MS)).toMatchObject({ reason: 'bad-shape' });
  });

  test('with a time that does not exist is refused', async () => {
    const token = signRaw({ ...whole, exp: '2026-13-22T12:02:00Z' });
    expect(await verify(token, NOW_MS)).toMatchObject({ ok: false, refusal: 'invalid-claim' });
  });

  test('a file of which no hash is known is accepted by its entity tag', async () => {
    const { key: storageKey, name, type, size, mtime } = whole.fil;
    const fil = { key: storageKey, name, type, size, etag: 'Zm9vYmFyYmF6cXV4', mtime };
    expect(await verify(signRaw({ ...whole, fil }), NOW_MS)).toMatchObject({
      ok: true,
      claim: { fil },
    });
  });

  test('a file has one entity tag, whether claims carry its hash or the tag that older ones did', () => {
    const hash = createHash('sha256').update('content').digest();
    const file = { key: 'a', name: 'a', type: 'text/plain', size: 7, mtime: 0 };
    const etag = hash.subarray(0, 12).toString('base64url');
    expect(etagOf({ ...file, sha256: hash.toString('base64url') })).toBe(etag);
    expect(etagOf({ ...file, etag })).toBe(etag);
  });

  test('a name of 255 bytes of UTF-8 is accepted', async () => {
    const name = `${'é'.repeat(127)}x`;
    const token = signRaw({ ...whole, fil: { ...whole.fil, name } });
    expect(await verify(token, NOW_MS)).toMatchObject({ ok: true });
  });
});

describe('a token of another form', () => {
  test('whose footer is not exactly our key id is refused', async () => {
    const footers = [
      {},
      { kid: key.id, alg: 'none' },
      { kid: [key.id] },
      { kid: `${key.id}x` },
      { kid: '../../keys/other' },
      { kid: null },
      [key.id],
      `"${key.id}"`,
      'not json',
      '',
    ];
    for (const footer of footers) {
      const token = signRaw(whole, footer);
      expect({ footer, result: await verify(token, NOW_MS) }).toMatchObject({
        footer,
        result: { refusal: 'invalid-claim', reason: 'malformed' },
      });
    }
  });

  test('or altered in any one character, is refused', async () => {
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const altered = token.slice(0, at) + other + token.slice(at + 1);
      const result = await verify(altered, NOW_MS);
      expect({ at, ...result }).toMatchObject({ at, ok: false, refusal: 'invalid-claim' });
    }
  });

  test('or with padding bits set in base64url, is refused', async () => {
    // The last character of a signature carries bits that decoding drops: two texts, one token.
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
    const [, , payload = '', footer = ''] = token.split('.');
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const altered = `v4.public.${payload.slice(0, -1)}${last}.${footer}`;
      if (altered !== token) expect(await verify(altered, NOW_MS)).toMatchObject({ ok: false });
    }
  });

  test('longer than the limit is refused before anything is parsed', async () => {
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
    const long = token.padEnd(MAX_TOKEN_LENGTH + 1, 'A');
    expect(await verify(long, NOW_MS)).toMatchObject({ reason: 'too-long' });
  });
});

describe('the published keys', () => {
  test('under another id are refused as a whole', async () => {
    const other = await sampleKeys();
    const document = { keys: [{ kid: other.key.id, key: key.publicPaserk }] };
    await expect(readPublishedKeys(document)).rejects.toThrow(`has the id ${key.id}`);
  });

  test.each([
    [null],
    [{}],
    [{ keys: [] }],
    [{ keys: [{ kid: 'x', key: 'k4.secret.AAAA' }] }],
    ['k4.public.x'],
  ])('%j is refused', async (document) => {
    await expect(readPublishedKeys(document)).rejects.toThrow(/key/);
  });
});

describe('a storage key', () => {
  test('never leaves its root, whatever its segments', () => {
    const nasty = fc.constantFrom(
      '..',
      '.',
      '',
      '\0',
      '\\',
      'a',
      'ü',
      '..a',
      'a..',
      'x'.repeat(256),
      '\n',
    );
    const path = fc.array(nasty, { maxLength: 6 }).map((segments) => segments.join('/'));
    fc.assert(
      fc.property(path, (text) => {
        if (!isStorageKey(text)) return;
        const resolved = new URL(
          text.split('/').map(encodeURIComponent).join('/'),
          'file:///root/',
        );
        expect(resolved.pathname.startsWith('/root/')).toBe(true);
        expect(text).not.toMatch(/\\|\0|\n/);
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['a', 'a/b.c', 'ü/…', '..a', 'a..b', '-', 'k7Qe9dU2mWsR4tYx'])('%j is one', (text) => {
    expect(isStorageKey(text)).toBe(true);
  });

  test.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '..',
    '../a',
    'a/../b',
    './a',
    'a\\b',
    'a\0',
    'a\u007f',
    '\ud800',
  ])('%j is none', (text) => {
    expect(isStorageKey(text)).toBe(false);
  });
});
