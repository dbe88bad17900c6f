// Passwords that are tried first: the 20,000 commonest of those that were ever stolen and published and are long
// enough to be chosen here. Kept as digests, made by `scripts/digest-passwords.mjs`; nothing is asked of anybody.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Of SHA-256. By chance a good password has one of the digests once in 50 million times. */
const DIGEST_BYTES = 5;

/** Sorted. */
const digests = readFileSync(new URL('../../passwords/common.digests', import.meta.url));

/** Whether a password (normalised), in whatever case, is one of them. OWASP ASVS 5.0, 6.2.4 and 6.2.12. */
export function isCommonPassword(password: string): boolean {
  const hash = createHash('sha256').update(password.toLowerCase()).digest();
  const wanted = hash.subarray(0, DIGEST_BYTES);
  let [from, to] = [0, digests.length / DIGEST_BYTES];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const at = middle * DIGEST_BYTES;
    const order = wanted.compare(digests, at, at + DIGEST_BYTES);
    if (order === 0) return true;
    if (order < 0) to = middle;
    else from = middle + 1;
  }
  return false;
}
