// PASERK key ids of public keys: the version's prefix and the base64url of the first 33 bytes of a hash of
// prefix and key, BLAKE2b-264 for k4 and SHA-384 for k3. A key can only ever be found under its own id.
// Source: PASERK, operations/ID and types/pid.
import { createHash } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';

/**
 * A PASERK public key: `k4.public.` and 43 characters of base64url (32 bytes), or `k3.public.` and 66 (49 bytes,
 * a compressed point).
 */
export type PublicPaserk = `k4.public.${string}` | `k3.public.${string}`;
/** A PASERK public key id: `k4.pid.` or `k3.pid.`, and 44 characters of base64url. */
export type KeyId = `k4.pid.${string}` | `k3.pid.${string}`;

const ID_BYTES = 33;

/** The id of a public key. The caller has checked that `key` is one (`isPublicPaserk`). */
export function keyIdOf(key: PublicPaserk): KeyId {
  if (key.startsWith('k3.')) {
    const digest = createHash('sha384').update(`k3.pid.${key}`).digest().subarray(0, ID_BYTES);
    return `k3.pid.${digest.toString('base64url')}`;
  }
  const digest = blake2b(new TextEncoder().encode(`k4.pid.${key}`), { dkLen: ID_BYTES });
  return `k4.pid.${Buffer.from(digest).toString('base64url')}`;
}

export function isPublicPaserk(text: string): text is PublicPaserk {
  return (
    /^k4\.public\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text) ||
    /^k3\.public\.[A-Za-z0-9_-]{65}[AQgw]$/.test(text)
  );
}

export function isKeyId(text: unknown): text is KeyId {
  return typeof text === 'string' && /^k[34]\.pid\.[A-Za-z0-9_-]{44}$/.test(text);
}
