// A link's handle: the opaque random text in its address. It is shown when it is made and stored as its
// hash alone. Lower-case letters and digits only, because mail clients cut, wrap, lower and decorate links.
import { createHash, randomBytes } from 'node:crypto';

/** RFC 4648 section 6, in lower case: 160 bits are exactly 32 characters, without padding. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const HANDLE_BYTES = 20;

/** 160 random bits as 32 characters; with `/l/` in front 35, of at most 40. */
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
 * full stop that the mail client took along, the `=` of quoted-printable, a line break, capitals.
 */
export function hashOfHandle(text: string): string {
  const kept = text.toLowerCase().replace(/[^a-z2-7]/g, '');
  return createHash('sha256').update(kept).digest('hex');
}

/** The address to be mailed. Holds the handle: written nowhere else. */
export function linkUrl(appOrigin: string, handle: string): string {
  return `${appOrigin}/l/${handle}`;
}
