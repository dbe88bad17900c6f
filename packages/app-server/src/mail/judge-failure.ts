// What to do about a mail that the server did not take: try again later, or never. Pure.
// RFC 5321 section 4.2.1: 4yz is for now, 5yz for good; section 4.5.4.1: try for four to five days.

export interface Verdict {
  permanent: boolean;
  /** Why, for the administrator: one line, without secrets. */
  reason: string;
}

/** What nodemailer tells of an error. */
interface SmtpFailure {
  message?: unknown;
  code?: unknown;
  /** The SMTP reply code. */
  responseCode?: unknown;
  /** The step at which it failed: `CONN`, `AUTH PLAIN`, `MAIL FROM`, `RCPT TO`, `DATA`. */
  command?: unknown;
}

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30 * 60_000;
/** A mail that could not be sent for this long has failed. */
export const GIVE_UP_AFTER_MS = 4 * 24 * 60 * 60_000;
const MAX_REASON_CHARACTERS = 300;

/** Only a reply to this very mail's envelope or content can condemn it: the rest is set-up or outage. */
const ABOUT_THE_MAIL = /^(?:MAIL FROM|RCPT TO|DATA|API)/;

export function judgeFailure(error: unknown): Verdict {
  const { message, code, responseCode, command } = (error ?? {}) as SmtpFailure;
  const isReply = typeof responseCode === 'number';
  const aboutMail = ABOUT_THE_MAIL.test(String(command));
  // EENVELOPE without a reply: the address cannot be sent to at all (no SMTPUTF8, or malformed).
  const permanent = aboutMail && (isReply ? responseCode >= 500 : code === 'EENVELOPE');
  return {
    permanent,
    reason: reasonOf(typeof message === 'string' ? message : 'unknown failure', code),
  };
}

/** How long to wait after the `attempts`-th failed attempt, milliseconds: 2 s, doubled up to 30 min. */
export function waitAfter(attempts: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_WAIT_MS);
}

function reasonOf(message: string, code: unknown): string {
  const line = message
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_REASON_CHARACTERS);
  return typeof code === 'string' && !line.includes(code) ? `${line} (${code})` : line;
}
