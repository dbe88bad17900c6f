// PASERK key ids of public keys: `k4.pid.` and the base64url of
// BLAKE2b-264("k4.pid." || "k4.public.…"). Source: paserk operations/ID, and its test vectors.
import { blake2b } from '@noble/hashes/blake2.js';

/** A PASERK public key, `k4.public.` and 43 characters of base64url. */
export type PublicPaserk = `k4.public.${string}`;
/** A PASERK public key id, `k4.pid.` and 44 characters of base64url. */
export type KeyId = `k4.pid.${string}`;

const PREFIX = 'k4.pid.';
const ID_BYTES = 33;

/** The id of a public key. The caller has checked that `key` is one (`isPublicPaserk`). */
export function keyIdOf(key: PublicPaserk): KeyId {
  const digest = blake2b(new TextEncoder().encode(PREFIX + key), { dkLen: ID_BYTES });
  return `${PREFIX}${Buffer.from(digest).toString('base64url')}`;
}

export function isPublicPaserk(text: string): text is PublicPaserk {
  return /^k4\.public\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}

export function isKeyId(text: unknown): text is KeyId {
  return typeof text === 'string' && /^k4\.pid\.[A-Za-z0-9_-]{44}$/.test(text);
}
