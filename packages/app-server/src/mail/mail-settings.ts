// What SMTP_URL and MAIL_FROM may say, and what it means. Pure: `config.ts` hands the texts in. The
// address of the mail server is a secret as soon as it has a password, so faults never quote it.
import { normaliseEmail } from '../accounts/email.js';

export interface SmtpSettings {
  host: string;
  port: number;
  /** TLS from the first byte (`smtps:`). */
  secure: boolean;
  /**
   * What to do about STARTTLS (RFC 3207) on `smtp:`. `required`: without it nothing is sent.
   * `optional`: used when offered; whoever sits on the wire can then take it away. `never`: not used.
   */
  starttls: 'required' | 'optional' | 'never';
  auth: { user: string; pass: string } | undefined;
  /** What this machine calls itself in EHLO; the system's host name otherwise. */
  name: string | undefined;
  /** File with the certificates (PEM) to trust instead of the system's. */
  caFile: string | undefined;
}

export interface MailFrom {
  /** Display name, may be empty. */
  name: string;
  address: string;
}

/** What was wrong, to complete "expected …". */
export type Fault = { expected: string };

const STARTTLS = ['required', 'optional', 'never'] as const;
const OPTIONS: ReadonlySet<string> = new Set(['starttls', 'name', 'ca']);
const FORM = 'a URL like smtp://user:password@mail.example.org:587 or smtps://mail.example.org';

/**
 * Reads `smtp://[user:password@]host[:port][?starttls=required|optional|never&name=…&ca=FILE]`, or `smtps:`.
 * Ports are 587 and 465 unless named (RFC 8314 section 3.3). STARTTLS is required by default, except on
 * this very machine: neither a password nor a sign-in link may cross a network in the clear by default.
 */
export function readSmtpUrl(text: string): SmtpSettings | Fault {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    return { expected: FORM };
  }
  if (!['', '/'].includes(url.pathname) || url.hash !== '') return { expected: FORM };
  const unknown = [...url.searchParams.keys()].find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    return { expected: `only the options starttls, name and ca, not "${unknown}"` };
  }
  if ((url.username === '') !== (url.password === '')) {
    return { expected: 'a user and a password, or neither' };
  }
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const asked = url.searchParams.get('starttls');
  const starttls = STARTTLS.find((each) => each === asked);
  if (asked !== null && (starttls === undefined || secure)) {
    return { expected: `starttls to be one of ${STARTTLS.join(', ')}, and with smtp:// only` };
  }
  const auth = readCredentials(url);
  if (auth === 'malformed') return { expected: 'user and password percent-encoded' };
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    starttls: starttls ?? (isThisMachine(host) ? 'optional' : 'required'),
    auth,
    name: url.searchParams.get('name') ?? undefined,
    caFile: url.searchParams.get('ca') ?? undefined,
  };
}

/** Reads `address` or `Name <address>`. */
export function readMailFrom(text: string): MailFrom | Fault {
  const [, quoted = '', inBrackets] = /^(.*?)\s*<([^<>]*)>$/.exec(text) ?? [];
  const name = quoted.replace(/^"(.*)"$/, '$1').trim();
  const address = normaliseEmail(inBrackets ?? text);
  if (address === undefined || /[\p{Cc}<>"\\]/u.test(name)) {
    return { expected: 'an e-mail address, or a name with one: claimcheck <files@example.org>' };
  }
  return { name, address };
}

function readCredentials({ username, password }: URL): SmtpSettings['auth'] | 'malformed' {
  if (username === '') return undefined;
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  } catch {
    return 'malformed';
  }
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
