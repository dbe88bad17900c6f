// What an API key looks like: `cck_`, 43 characters that hold 256 random bits, and six that check the others
// (CRC-32), all letters and digits. So a secret scanner can tell a key from a text that looks like one, and
// we a slip of the hand from a wrong key. No key is ever stored or logged, only its SHA-256.
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'cck_';
const SECRET_BYTES = 32;
/** 62^43 is just above 2^256. */
const SECRET_CHARACTERS = 43;
/** 62^6 is above 2^32. */
const CHECK_CHARACTERS = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_CHARACTERS + CHECK_CHARACTERS}}$`);

/** A key that nobody has: 53 characters. */
export function newKeyText(): string {
  const secret = inBase62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`));
  const start = PREFIX + secret.padStart(SECRET_CHARACTERS, '0');
  return start + checkOf(start);
}

/** Whether it has the form of a key, and its last six characters fit the others. Says nothing of its being one. */
export function isKeyText(text: string): boolean {
  if (!FORM.test(text)) return false;
  return text.endsWith(checkOf(text.slice(0, -CHECK_CHARACTERS)));
}

/** What is stored of a key, hex. A plain hash is enough for 256 random bits: there is nothing to guess. */
export function hashOfKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** CRC-32 (ISO 3309) of everything before it, in base 62. */
function checkOf(start: string): string {
  return inBase62(BigInt(crc32(start))).padStart(CHECK_CHARACTERS, '0');
}

function inBase62(number: bigint): string {
  const digits: string[] = [];
  for (let rest = number; rest > 0n; rest /= 62n) digits.push(DIGITS.charAt(Number(rest % 62n)));
  return digits.toReversed().join('');
}
