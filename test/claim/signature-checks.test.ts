// Whatever computes the signature, the same claims are accepted. The implementations do differ on signatures
// that nobody but the owner of a secret key can make; what they say to those is written down here, and why it
// is of no use against a claim.
import { readFileSync } from 'node:fs';
import { createPublicKey, verify as verifyWithNode, webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it, test } from '@jest/globals';
import { chooseSignatureCheck } from '@claimcheck/download-server/check-signature';
import { createClaimVerifier } from '@claimcheck/shared/claim';
import { createLogger } from '@claimcheck/shared/log';
import { mintClaim } from '@claimcheck/shared/mint';
import { VerifyFactory } from 'paseto/v4/public';
import { AUDIENCE, ISSUER, NOW_MS, sampleKeys, sampleSentence } from './sample-claim.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../claim/ed25519-edge-cases.json', import.meta.url), 'utf8'),
) as {
  cases: {
    name: string;
    message: string;
    publicKey: string;
    signature: string;
    accepted: { sodium: boolean; node: boolean; web: boolean };
  }[];
};

const log = createLogger('test', 'silent');
const sodium = createRequire(
  new URL('../../../packages/download-server/package.json', import.meta.url),
)('sodium-native') as {
  crypto_sign_verify_detached(s: Uint8Array, m: Uint8Array, k: Uint8Array): boolean;
};
const bytes = (hex: string) => Buffer.from(hex, 'hex');
/** The group's order L of Ed25519 (RFC 8032 section 5.1). */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

describe.each(cases)('$name', ({ message, publicKey, signature, accepted }) => {
  const [m, k, s] = [bytes(message), bytes(publicKey), bytes(signature)];

  it('gets the answer of each implementation that is written down', async () => {
    const x = k.toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const web = await webcrypto.subtle.importKey('raw', k, 'Ed25519', true, ['verify']);
    expect({
      sodium: sodium.crypto_sign_verify_detached(s, m, k),
      node: verifyWithNode(null, m, key, s),
      web: await webcrypto.subtle.verify('Ed25519', web, s, m),
    }).toEqual(accepted);
  });

  it('is not accepted by libsodium where another refuses it', () => {
    expect(accepted.sodium && !(accepted.node && accepted.web)).toBe(false);
  });
});

const checks = {
  'Web Crypto, the default': VerifyFactory,
  libsodium: chooseSignatureCheck('sodium', { log }).verifyFactory,
  'OpenSSL in Node': chooseSignatureCheck('node', { log }).verifyFactory,
};

describe.each(Object.entries(checks))('a claim checked by %s', (_, verifyFactory) => {
  async function verifierAndToken() {
    const { key, ring } = await sampleKeys();
    const { token, claim } = await mintClaim<'download'>(key, sampleSentence(), NOW_MS);
    const expectation = {
      act: 'download',
      issuer: ISSUER,
      audience: AUDIENCE,
      keys: ring,
    } as const;
    const verify = createClaimVerifier(expectation, { verifyFactory });
    return { verify, token, claim, keyId: key.id };
  }

  /** The token with its signature changed, in a form that the library would write. */
  function withSignature(token: string, change: (signature: Buffer) => void): string {
    const [version, purpose, payload = '', footer] = token.split('.');
    const signed = Buffer.from(payload, 'base64url');
    change(signed.subarray(-64));
    return [version, purpose, signed.toString('base64url'), footer].join('.');
  }

  it('is accepted, again and again with the same key', async () => {
    const { verify, token, claim, keyId } = await verifierAndToken();
    for (let i = 0; i < 3; i += 1)
      expect(await verify(token, NOW_MS)).toEqual({ ok: true, claim, keyId, mayBegin: true });
  });

  it('is refused with any bit of its signature turned', async () => {
    const { verify, token } = await verifierAndToken();
    for (let bit = 0; bit < 512; bit += 1) {
      const turned = withSignature(token, (signature) => {
        signature.writeUInt8(signature.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      });
      expect(await verify(turned, NOW_MS)).toMatchObject({ ok: false, reason: 'bad-signature' });
    }
  });

  it("is refused with the group's order added to S, so no stranger makes a second token of it", async () => {
    const { verify, token } = await verifierAndToken();
    const added = withSignature(token, (signature) => {
      const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`);
      const hex = (s + GROUP_ORDER).toString(16).padStart(64, '0');
      signature.set(Buffer.from(hex, 'hex').toReversed(), 32);
    });
    expect(added).not.toBe(token);
    expect(await verify(added, NOW_MS)).toMatchObject({ ok: false, reason: 'bad-signature' });
  });
});

describe('the choice', () => {
  const lines: Record<string, unknown>[] = [];
  const heard = createLogger('test', 'info', {
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const missing = () => createRequire(import.meta.url)('no-such-binding') as typeof sodium;

  test('falls back to Node where libsodium does not load, and says why', () => {
    expect(chooseSignatureCheck('auto', { log: heard, loadSodium: missing }).name).toBe('node');
    expect(lines.at(-1)).toMatchObject({
      signatureCheck: 'node',
      fellBackBecause: expect.stringContaining('no-such-binding'),
    });
  });

  test('refuses to start by name where libsodium is demanded and does not load', () => {
    expect(() => chooseSignatureCheck('sodium', { log, loadSodium: missing })).toThrow(
      /^SIGNATURE_CHECK is sodium, but .*no-such-binding/,
    );
  });

  test.each(['sodium', 'node'] as const)('takes %s when told to, and says so', (setting) => {
    expect(chooseSignatureCheck(setting, { log: heard }).name).toBe(setting);
    expect(lines.at(-1)).toMatchObject({ signatureCheck: setting });
  });
});
