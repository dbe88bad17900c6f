// E-mail addresses as accounts have them: one spelling an address, so that an account cannot be made
// twice or missed at sign-in for its case or its encoding.

/** RFC 5321 section 4.5.3.1.3: a path has at most 256 octets with its angle brackets. */
const MAX_EMAIL_BYTES = 254;

/**
 * The address trimmed, in Unicode NFC and lower case; undefined when it is not `local@domain`. Only
 * a mail to it can prove more, so the check is deliberately coarse (RFC 6531 allows most characters).
 */
export function normaliseEmail(text: string): string | undefined {
  const email = text.trim().normalize('NFC').toLowerCase().normalize('NFC');
  if (!email.isWellFormed() || Buffer.byteLength(email) > MAX_EMAIL_BYTES) return undefined;
  return /^[^\s@\p{C}"(),:;<>[\\\]]+@[^\s@\p{C}"(),:;<>[\\\]]+$/u.test(email) ? email : undefined;
}
