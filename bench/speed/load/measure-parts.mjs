// The parts of a request, each alone in a process of its own, as CPU a call: the bare signature check, the whole
// verification of a claim, and the burn as the client of Redis sees it. Prints one line of JSON.
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { burnRequestOf, connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { createVerifier } from '../verify-as-ours.mjs';

const AT_ONCE = 64;
const settings = JSON.parse(process.argv[2] ?? '{}');
const tokens = readFileSync(settings.list, 'utf8').split('\n');
const verify = await createVerifier({ key: settings.key, issuer: ISSUER, audience: AUDIENCE });

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => R | Promise<R>} act
 * @returns {Promise<{ micros: number, results: R[] }>}
 */
async function measure(items, act) {
  const warmUp = Math.floor(items.length / 4);
  const first = await actOn(items.slice(0, warmUp), act);
  const before = process.cpuUsage();
  const rest = await actOn(items.slice(warmUp), act);
  const { user, system } = process.cpuUsage(before);
  return { micros: (user + system) / (items.length - warmUp), results: first.concat(rest) };
}

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => R | Promise<R>} act
 */
async function actOn(items, act) {
  const results = [];
  for (let i = 0; i < items.length; i += AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(act))));
  return results;
}

/** Node's own check, or libsodium's where the download server would load it. */
function signatureCheck() {
  const raw = Buffer.from(settings.key.slice('k4.public.'.length), 'base64url');
  try {
    const sodium = createRequire(new URL('../../../packages/shared/', import.meta.url))(
      'sodium-native',
    );
    return (/** @type {Buffer} */ signed, /** @type {Buffer} */ signature) =>
      sodium.crypto_sign_verify_detached(signature, signed, raw);
  } catch {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    return (/** @type {Buffer} */ signed, /** @type {Buffer} */ signature) =>
      verifySignature(null, signed, key, signature);
  }
}

/** What the signature of a token is over (PASETO, pre-authentication encoding), and the signature. @param {string} token */
function signedPart(token) {
  const [, , payload = '', footer = ''] = token.split('.');
  const bytes = Buffer.from(payload, 'base64url');
  const pieces = ['v4.public.', bytes.subarray(0, -64), Buffer.from(footer, 'base64url'), ''].map(
    (piece) => Buffer.from(piece),
  );
  const signed = Buffer.concat([
    eightBytes(4),
    ...pieces.flatMap((piece) => [eightBytes(piece.length), piece]),
  ]);
  return { signed, signature: bytes.subarray(-64) };
}

/** @param {number} value */
function eightBytes(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
}

const check = signatureCheck();
const signatures = await measure(tokens.map(signedPart), ({ signed, signature }) =>
  check(signed, signature),
);
if (!signatures.results.every(Boolean)) throw new Error('a signature was refused');
const verifications = await measure(tokens, (token) => verify(token, Date.now()));
const requests = verifications.results.map((verification) => {
  if (!verification.ok) throw new Error(verification.refusal);
  return burnRequestOf(verification.claim, verification.keyId);
});
const redis = connectRedis(settings.redisUrl);
await new Promise((resolve) => void redis.once('ready', () => resolve(undefined)));
const ledger = createRedisLedger({ redis });
const burns = await measure(requests, (request) => ledger.burn(request));
if (!burns.results.every((outcome) => outcome === 'burned')) throw new Error('a burn was refused');
await ledger.close();
redis.disconnect();
console.log(
  JSON.stringify({
    signatureMicros: signatures.micros,
    verifyMicros: verifications.micros,
    burnMicros: burns.micros,
  }),
);
