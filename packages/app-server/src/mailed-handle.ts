// Handles: the opaque random texts in the addresses that are mailed, whatever these are for. Shown when
// one is made and stored as its hash alone. Lower-case letters and digits only, because mail clients cut,
// wrap, lower and decorate addresses.
import { createHash, randomBytes } from 'node:crypto';

/** RFC 4648 section 6, in lower case: 160 bits are exactly 32 characters, without padding. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const HANDLE_BYTES = 20;

/** 160 random bits as 32 characters; with `/l/`, `/i/` or `/n/` in front 35, of at most 40. */
export function newHandle(): string {
  let bits = 0n;
  for (const byte of randomBytes(HANDLE_BYTES)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let left = (HANDLE_BYTES * 8) / 5; left > 0; left -= 1) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}

/**
 * The hash under which a handle is looked up, hex. Whatever cannot be part of one is left out first: a
 * full stop that the mail client took along, the `=` of quoted-printable, a line break, capitals. So
 * any text has a hash, and one that never was a handle is unknown like every other.
 */
export function hashOfHandle(text: string): string {
  const kept = text.toLowerCase().replace(/[^a-z2-7]/g, '');
  return createHash('sha256').update(kept).digest('hex');
}

/** What a handle opens: a link (`l`), a page that proves who somebody is (`i`), the way out of notices (`n`). */
export type MailedPage = 'l' | 'i' | 'n';

/** The address of a handle: mailed or shown once, and written nowhere else. */
export function mailedUrl(appOrigin: string, page: MailedPage, handle: string): string {
  return `${appOrigin}/${page}/${handle}`;
}
