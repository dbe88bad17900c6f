// What a password may be. Length counts, and that it is none of those tried first (NIST SP 800-63B-4 section
// 3.1.1, OWASP ASVS 5 V6.2): no rules of composition, any character, long ones welcome up to a bound that keeps
// hashing cheap.
import { isCommonPassword } from './common-passwords.js';

export const MIN_PASSWORD_CHARACTERS = 10;
export const MAX_PASSWORD_CHARACTERS = 256;

/** One spelling a password, whatever keyboard typed it (NIST SP 800-63B-4 section 3.1.1.2). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/** What is wrong with it, in words for the person who chose it; undefined when nothing is. */
export function passwordFault(password: string): string | undefined {
  if (!password.isWellFormed()) return 'it is not valid Unicode text';
  // Code points: what counts is what somebody typed, not how UTF-16 stores it.
  const characters = Array.from(normalisePassword(password)).length;
  if (characters < MIN_PASSWORD_CHARACTERS) {
    return `a password has at least ${MIN_PASSWORD_CHARACTERS} characters`;
  }
  if (characters > MAX_PASSWORD_CHARACTERS) {
    return `a password has at most ${MAX_PASSWORD_CHARACTERS} characters`;
  }
  if (isCommonPassword(normalisePassword(password))) {
    return 'this password is on the lists that are tried first; choose another';
  }
  return undefined;
}
