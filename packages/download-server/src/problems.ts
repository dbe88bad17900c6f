// Every refusal of the download server, as one closed union and one table, and the error that carries
// one up to the middleware that answers it. None of them burns a claim, but for a burn whose answer was lost.
import type { ClaimRefusal, Problem } from '@claimcheck/shared/problems';
import { ENGLISH } from './page-texts.js';

export type Refusal =
  | ClaimRefusal
  | 'file-missing'
  | 'file-changed'
  | 'busy'
  | 'not-in-advance'
  | 'precondition-failed'
  | 'range-not-satisfiable'
  | 'not-found'
  | 'method-not-allowed'
  | 'uri-too-long'
  | 'internal-error';

/** What each is on the wire; what it says to a person is in `page-texts.ts`. */
interface RefusalOnWire {
  status: number;
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number;
}

const AGAIN = { retryAfterSeconds: 2 };

export const REFUSALS = {
  'invalid-claim': { status: 403 },
  expired: { status: 410 },
  'already-used': { status: 410 },
  revoked: { status: 410 },
  superseded: { status: 410 },
  'ledger-unavailable': { status: 503, ...AGAIN },
  'file-missing': { status: 404 },
  'file-changed': { status: 409 },
  busy: { status: 503, ...AGAIN },
  'not-in-advance': { status: 503 },
  'precondition-failed': { status: 412 },
  'range-not-satisfiable': { status: 416 },
  'not-found': { status: 404 },
  'method-not-allowed': { status: 405 },
  'uri-too-long': { status: 414 },
  'internal-error': { status: 500 },
} as const satisfies Record<Refusal, RefusalOnWire>;

/** The refusal as `application/problem+json` words it, in English. */
export function problemOf(code: Refusal): Problem {
  const { title, fetched, advice } = ENGLISH.refusals[code];
  return { ...REFUSALS[code], title, advice: `${fetched} ${advice}` };
}

export interface RefusedOptions extends ErrorOptions {
  /** What exactly happened, for the log only. Never a token. */
  reason?: string;
  /** Headers that belong to the answer, such as Allow. */
  headers?: Readonly<Record<string, string>>;
  /** Of a link that was used: when that can have been. */
  usedBetween?: { from: Date; to: Date };
}

/** Thrown by a step to refuse a request; no byte of the file was sent. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: Refusal;
  readonly reason: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly usedBetween: { from: Date; to: Date } | undefined;

  constructor(
    code: Refusal,
    { reason, headers = {}, usedBetween, ...options }: RefusedOptions = {},
  ) {
    super(reason === undefined ? code : `${code}: ${reason}`, options);
    this.code = code;
    this.reason = reason;
    this.headers = headers;
    this.usedBetween = usedBetween;
  }
}
