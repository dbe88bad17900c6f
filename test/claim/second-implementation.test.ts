// The wire format is not ours alone: npm `paseto-ts` reads what we mint, and we read what it signs.
import { describe, expect, test } from '@jest/globals';
import { mintClaim } from '@claimcheck/shared/mint';
import { keyIdOf, readPublishedKeys } from '@claimcheck/shared/claim';
import { generateKeys, sign, verify } from 'paseto-ts/v4';
import { downloadVerifier, NOW_MS, sampleKeys, sampleSentence } from './sample-claim.js';

describe('a second PASETO implementation', () => {
  test('verifies the claims that we mint', async () => {
    const { key } = await sampleKeys();
    const { token, claim } = await mintClaim(key, sampleSentence(), NOW_MS);
    const result = verify(key.publicPaserk, token, { validatePayload: false });
    expect(result.payload).toEqual(claim);
    expect(result.footer).toEqual({ kid: key.id });
  });

  test('signs claims that we verify', async () => {
    const { secretKey, publicKey } = generateKeys('public');
    const key = publicKey as `k4.public.${string}`;
    const kid = keyIdOf(key);
    const claim = { ...sampleSentence(), iat: '2026-11-22T12:00:00Z', exp: '2026-11-22T12:02:00Z' };
    const token = sign(secretKey, claim, {
      footer: { kid },
      addExp: false,
      addIat: false,
      validatePayload: false,
    });
    const ring = await readPublishedKeys({ keys: [{ kid, key }] });
    expect(await downloadVerifier(ring)(token, NOW_MS)).toEqual({
      ok: true,
      claim,
      keyId: kid,
      mayBegin: true,
    });
  });
});
