// The vectors are what they say: our verifier accepts and refuses as they do, for the reasons that they name, and our
// minter writes the tokens that they hold.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  claimSchemas,
  createClaimVerifier,
  readPublishedKeys,
  secondsOf,
} from '@claimcheck/shared/claim';
import { planResponse } from '@claimcheck/download-server/plan-response';
import { mintClaim, type SigningKey } from '@claimcheck/shared/mint';
import { PublicProtocol } from 'paseto';
import { GetPublicKeyFactory, ImportSecretKeyFactory } from 'paseto/v4/public';
import { makeVectors, type ClaimVectors } from './make-vectors.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../docs/claim-vectors.json', import.meta.url), 'utf8'),
) as ClaimVectors;
const { issuer, audience, published } = vectors;

test('the vectors are those that their making gives: after a change, npm run vectors', () => {
  expect(JSON.parse(JSON.stringify(makeVectors()))).toEqual(vectors);
});

test('there are vectors of every act, many that are refused, and no name twice', () => {
  const acts = new Set(vectors.accepted.map(({ act }) => act));
  expect([...acts].toSorted()).toEqual(Object.keys(claimSchemas).toSorted());
  expect(vectors.refused.length).toBeGreaterThan(100);
  const names = [...vectors.accepted, ...vectors.refused].map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe('our verifier', () => {
  test.each(vectors.accepted)(
    'accepts: $name',
    async ({ act, nowMs, token, claim, kid, mayBegin }) => {
      const keys = await readPublishedKeys(published);
      const verify = createClaimVerifier({ act, issuer, audience, keys });
      expect(await verify(token, nowMs)).toEqual({ ok: true, claim, keyId: kid, mayBegin });
    },
  );

  test.each(vectors.refused)('refuses: $name', async ({ act, nowMs, token, refusal, reason }) => {
    const keys = await readPublishedKeys(published);
    const verify = createClaimVerifier({ act, issuer, audience, keys });
    const told = await verify(token, nowMs);
    expect(told).toMatchObject({ ok: false, refusal });
    expect('reason' in told ? told.reason : undefined).toBe(reason);
  });
});

test('our download server answers with their entity tags and digests', () => {
  const told = vectors.accepted.flatMap(({ claim, nowMs, answer }) => {
    if (claim.act !== 'download') return [];
    const file = { size: claim.fil.size, modifiedAtMs: nowMs };
    const plan = planResponse({ method: 'GET', headers: {}, claim, file, nowMs });
    const { ETag, 'Repr-Digest': digest } = plan.headers;
    return [[{ ETag, 'Repr-Digest': digest }, answer]];
  });
  expect(told.map(([ours]) => ours)).toEqual(told.map(([, theirs]) => theirs));
  expect(told.length).toBeGreaterThan(10);
});

describe('our minter', () => {
  test('writes the very tokens of the vectors, of claims that it would mint', async () => {
    const v4 = new PublicProtocol(GetPublicKeyFactory, ImportSecretKeyFactory);
    const keys: SigningKey[] = await Promise.all(
      vectors.keys.map(async ({ secret: paserk, kid, public: publicPaserk }) => {
        const secret = await v4.ImportSecretKey(paserk as `k4.secret.${string}`, {
          extractable: true,
        });
        const publicKey = await v4.GetPublicKey(secret);
        return { id: kid, secret, publicKey, publicPaserk };
      }),
    );
    const differing: string[] = [];
    for (const { name, token, claim } of vectors.accepted) {
      const { iat, exp, ...sentence } = claim;
      const life = secondsOf(exp) - secondsOf(iat);
      const minted = await Promise.all(
        keys.map((key) => mintClaim(key, sentence, secondsOf(iat) * 1000, life)),
      );
      if (!minted.some((each) => each.token === token)) differing.push(name);
    }
    // Other spellings of the same claim, which we do not write.
    expect(differing).toEqual([
      'with its fields in another order',
      'with white space and escapes in its JSON',
      'with white space in its footer',
      'of 4096 characters',
    ]);
  });
});
