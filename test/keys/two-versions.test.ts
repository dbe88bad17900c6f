// Two PASETO versions side by side: the key says which it is for, and nothing that a token says of itself can make a key
// of one version prove a token of the other.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { PublicProtocol, type JsonValue } from 'paseto';
import { ExportPublicKeyFactory, GenerateKeyPairFactory, SignFactory } from 'paseto/v3/public';
import {
  keyIdOf,
  readPublishedKeys,
  type KeyId,
  type PublicPaserk,
} from '@claimcheck/shared/claim';
import { generateSigningKey, mintClaim, newNonce, type SigningKey } from '@claimcheck/shared/mint';
import { downloadVerifier, NOW_MS, sampleSentence } from '../claim/sample-claim.js';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';

const v3 = new PublicProtocol(ExportPublicKeyFactory, GenerateKeyPairFactory, SignFactory);

interface OtherKey {
  id: KeyId;
  key: PublicPaserk;
  sign(claims: object, kid?: string): Promise<string>;
}

async function generateV3(): Promise<OtherKey> {
  const { secretKey, publicKey } = await v3.GenerateKeyPair({ extractable: true });
  const key = (await v3.ExportPublicKey(publicKey)) as PublicPaserk;
  const id = keyIdOf(key);
  return {
    id,
    key,
    sign: async (claims, kid = id) =>
      await v3.Sign(secretKey, claims as { [field: string]: JsonValue }, {
        footer: new TextEncoder().encode(JSON.stringify({ kid })),
        now: new Date(NOW_MS),
        addIssuedAt: false,
      }),
  };
}

let old: SigningKey;
let next: OtherKey;
let verify: ReturnType<typeof downloadVerifier>;
beforeAll(async () => {
  [old, next] = await Promise.all([generateSigningKey(), generateV3()]);
  const keys = [
    { kid: old.id, key: old.publicPaserk },
    { kid: next.id, key: next.key },
  ];
  verify = downloadVerifier(await readPublishedKeys({ keys }));
});

const whole = () => ({
  ...sampleSentence(),
  iat: '2026-11-22T12:00:00Z',
  exp: '2026-11-22T12:02:00Z',
});
const withFooter = (token: string, kid: string) =>
  [
    ...token.split('.').slice(0, 3),
    Buffer.from(JSON.stringify({ kid })).toString('base64url'),
  ].join('.');
const withHeader = (token: string, version: string) => token.replace(/^v\d/, version);

describe('key ids of the other version', () => {
  // The official k3.pid vectors.
  test.each([
    [`02${'00'.repeat(48)}`, 'k3.pid.mL4lGxNG7cz128frmpn83_76V9C7LmV2sHAMtJ8vIdwG'],
    [
      '02707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
      'k3.pid.gnwg7IkzZyQF9wJgLLT0OpbdMT7BYmdQoG2u-xXpeeHz',
    ],
  ])('of %s are the official ones', (point, id) => {
    expect(keyIdOf(`k3.public.${Buffer.from(point, 'hex').toString('base64url')}`)).toBe(id);
  });
});

describe('a ring with keys of two versions', () => {
  test('verifies the claims of both', async () => {
    const claim = whole();
    const { token } = await mintClaim(old, sampleSentence(), NOW_MS);
    expect(await verify(token, NOW_MS)).toMatchObject({ ok: true, keyId: old.id });
    expect(await verify(await next.sign(claim), NOW_MS)).toEqual({
      ok: true,
      claim,
      keyId: next.id,
      mayBegin: true,
    });
  });

  test('refuses a claim that names the key of the other version', async () => {
    const { token } = await mintClaim(old, sampleSentence(), NOW_MS);
    const crossed = [
      withFooter(token, next.id),
      await next.sign(whole(), old.id),
      withFooter(await next.sign(whole()), old.id),
    ];
    for (const one of crossed)
      expect(await verify(one, NOW_MS)).toMatchObject({ ok: false, reason: 'wrong-version' });
  });

  test('refuses a claim whose header was changed to the other version, whichever key it names', async () => {
    const { token } = await mintClaim(old, sampleSentence(), NOW_MS);
    const other = await next.sign(whole());
    expect(await verify(withHeader(token, 'v3'), NOW_MS)).toMatchObject({
      reason: 'wrong-version',
    });
    expect(await verify(withHeader(other, 'v4'), NOW_MS)).toMatchObject({
      reason: 'wrong-version',
    });
    for (const [one, version, kid] of [
      [token, 'v3', next.id],
      [other, 'v4', old.id],
    ] as const)
      expect(await verify(withFooter(withHeader(one, version), kid), NOW_MS)).toMatchObject({
        reason: 'bad-signature',
      });
  });

  test('refuses a signature of the right version by a key that is not the one named', async () => {
    const stranger = await generateV3();
    expect(await verify(await stranger.sign(whole(), next.id), NOW_MS)).toMatchObject({
      reason: 'bad-signature',
    });
    expect(await verify(await stranger.sign(whole()), NOW_MS)).toMatchObject({
      reason: 'unknown-key',
    });
  });

  test.each(['v1', 'v2', 'v5', 'V4', 'v4 '])('refuses a header of %j unread', async (version) => {
    const { token } = await mintClaim(old, sampleSentence(), NOW_MS);
    expect(await verify(withHeader(token, version), NOW_MS)).toMatchObject({ reason: 'malformed' });
  });

  test('judges the claims of both alike: expired is expired', async () => {
    expect(await verify(await next.sign(whole()), NOW_MS + 200_000)).toMatchObject({
      refusal: 'expired',
    });
  });
});

describe('a published set', () => {
  test('with a key of a version to come still gives the others', async () => {
    const future = { kid: `k5.pid.${'A'.repeat(44)}`, key: 'k5.public.AAAA' };
    const ring = await readPublishedKeys({
      keys: [future, { kid: old.id, key: old.publicPaserk }],
    });
    expect(ring.ids).toEqual([old.id]);
  });

  test('with a key under the id of another is refused, in both versions', async () => {
    const document = (kid: KeyId, key: PublicPaserk) => readPublishedKeys({ keys: [{ kid, key }] });
    await expect(document(old.id, next.key)).rejects.toThrow('has the id');
    await expect(document(next.id, old.publicPaserk)).rejects.toThrow('has the id');
  });

  test('loses what it calls retired itself', async () => {
    const ring = await readPublishedKeys({
      keys: [{ kid: old.id, key: old.publicPaserk }],
      retired: [old.id],
    });
    expect([ring.ids, ring.retired]).toEqual([[], [old.id]]);
  });
});

describe('a download server whose app server publishes both', () => {
  let on: TestDownloadServer;
  beforeAll(async () => {
    on = await startTestDownloadServer();
  });

  test('serves the claims of both, once each, and nothing for a crossed one', async () => {
    try {
      on.keyServer.answerWith((_, response) => {
        const keys = [
          { kid: on.key.id, key: on.key.publicPaserk },
          { kid: next.id, key: next.key },
        ];
        response.end(JSON.stringify({ keys }));
      });
      const minted = await on.mint(await on.addFile('content'));
      const claims = { ...minted.claim, jti: newNonce() };
      const url = (token: string) => `${on.url}/d/${token}`;
      const token = await next.sign(claims);
      expect((await fetch(url(withFooter(token, on.key.id)))).status).toBe(403);
      expect(await (await fetch(url(token))).text()).toBe('content');
      expect((await fetch(url(token))).status).toBe(410);
      expect(await (await fetch(minted.url)).text()).toBe('content');
    } finally {
      await on.stop();
    }
  });
});
