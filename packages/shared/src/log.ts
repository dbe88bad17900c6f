// Structured logs. One rule matters here: a token must never reach a log, and tokens travel in URLs,
// which redaction by key does not see. So every string that is logged passes the cut below.
import { pino, type Logger } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Anything of PASETO or PASERK secret form, in whatever text it stands. */
const SECRETS = /\b(?:v\d\.(?:public|local)|k\d\.(?:secret|local))\.[A-Za-z0-9_.~%-]+/g;

/** Handles of links that are mailed (`/i/…`, `/l/…`, `/n/…`): whoever has one can use it. */
const HANDLES = /(?<=\/[iln]\/)[^\s"'<>\\/?#]+/g;

/** API keys, in whatever text they stand. */
const API_KEYS = /\bcck_[A-Za-z0-9]+/g;

/** Secrets that webhooks are signed with. */
const WEBHOOK_SECRETS = /\bwhsec_[A-Za-z0-9+/=]+/g;

/**
 * Bytes in a log line. Node puts the raw packet on the error of a request that it cannot parse, where a
 * token would stand as a list of numbers.
 */
const BYTES_BEGIN = '{"type":"Buffer"';
const BYTES = /\{"type":"Buffer","data":\[[\d,]*\]\}/g;

/** In every text that one of the patterns above finds something in; nearly all lines are let through by this alone. */
const SUSPICIOUS = /\.(?:public|local|secret)\.|\/[iln]\/|whsec_/;

/** The same text with every token, handle and secret key cut out of it. */
export function cutTokens(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return text
    .replace(SECRETS, '[token]')
    .replace(HANDLES, '[handle]')
    .replace(API_KEYS, '[key]')
    .replace(WEBHOOK_SECRETS, '[secret]');
}

/** A logger for one server, JSON lines on standard output unless told otherwise. */
export function createLogger(
  name: string,
  level: LogLevel,
  destination: { write(line: string): unknown } = process.stdout,
): Logger {
  return pino(
    { name, level },
    {
      write: (line: string) => {
        const readable = line.includes(BYTES_BEGIN) ? line.replace(BYTES, '"[bytes]"') : line;
        destination.write(cutTokens(readable));
      },
    },
  );
}
