// The official PASETO v4.public and PASERK k4.pid test vectors, against the very pieces the servers
// use. The vectors' facts are in official-vectors.json with their source.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  createClaimVerifier,
  isPublicPaserk,
  keyIdOf,
  readPublishedKeys,
} from '@claimcheck/shared/claim';
import { chooseSignatureCheck } from '@claimcheck/download-server/check-signature';
import { createLogger } from '@claimcheck/shared/log';
import { PublicProtocol } from 'paseto';
import {
  ImportPublicKeyFactory,
  ImportSecretKeyFactory,
  SignFactory,
  VerifyFactory,
} from 'paseto/v4/public';

const vectors = JSON.parse(
  readFileSync(new URL('../../claim/official-vectors.json', import.meta.url), 'utf8'),
) as {
  'v4.public': {
    publicKey: string;
    secretKey: string;
    payload: { data: string; exp: string };
    signed: { name: string; footer: string; implicitAssertion: string; token: string }[];
    mustFail: { name: string; token: string }[];
  };
  'k4.pid': {
    valid: { name: string; key: string; id: string }[];
    mustFail: { name: string; key: string }[];
  };
};

const log = createLogger('test', 'silent');
const verifyFactories = {
  'Web Crypto, the default': VerifyFactory,
  libsodium: chooseSignatureCheck('sodium', { log }).verifyFactory,
  'OpenSSL in Node': chooseSignatureCheck('node', { log }).verifyFactory,
};
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
const bytes = (text: string) => new TextEncoder().encode(text);
const official = vectors['v4.public'];
const publicPaserk = `k4.public.${base64url(official.publicKey)}` as const;
const now = new Date('2021-12-31T00:00:00Z');

describe.each(Object.entries(verifyFactories))('PASETO v4.public with %s', (_, verifyFactory) => {
  const v4 = new PublicProtocol(
    SignFactory,
    verifyFactory,
    ImportPublicKeyFactory,
    ImportSecretKeyFactory,
  );

  test.each(official.signed)(
    '$name: verifies, and signing gives the same token',
    async (vector) => {
      const options = {
        footer: bytes(vector.footer),
        implicitAssertion: bytes(vector.implicitAssertion),
        now,
      };
      const publicKey = await v4.ImportPublicKey(publicPaserk);
      const result = await v4.Verify(publicKey, vector.token, options);
      expect(result.claims).toEqual(official.payload);
      expect(Buffer.from(result.footer).toString()).toBe(vector.footer);

      const secretKey = await v4.ImportSecretKey(`k4.secret.${base64url(official.secretKey)}`);
      expect(await v4.Sign(secretKey, official.payload, { ...options, addIssuedAt: false })).toBe(
        vector.token,
      );
    },
  );

  test.each([...official.signed, ...official.mustFail])(
    '$name: is no claim of ours, although its key be in the ring',
    async ({ token }) => {
      const keys = await readPublishedKeys({
        keys: [{ kid: keyIdOf(publicPaserk), key: publicPaserk }],
      });
      const expectation = { act: 'download', issuer: 'i', audience: 'a', keys } as const;
      const verify = createClaimVerifier(expectation, { verifyFactory });
      expect(await verify(token, now.getTime())).toMatchObject({
        ok: false,
        refusal: 'invalid-claim',
      });
    },
  );
});

describe('PASERK k4.pid', () => {
  test.each(vectors['k4.pid'].valid)('$name', ({ key, id }) => {
    const paserk = `k4.public.${base64url(key)}`;
    expect(isPublicPaserk(paserk) && keyIdOf(paserk)).toBe(id);
  });

  test.each(vectors['k4.pid'].mustFail)('$name is refused', ({ key }) => {
    expect(isPublicPaserk(`k4.public.${base64url(key)}`)).toBe(false);
  });
});
