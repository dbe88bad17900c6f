// The ledger: what has been burned, what has been revoked, and what happened. An interface with two
// implementations (Redis, memory) that pass one contract suite, `test/ledger/contract.ts`.
import type { RevocationSubject } from '../claim/revocation-subjects.js';

/** What the burn of one claim needs. All instants are Unix milliseconds. */
export interface BurnRequest {
  nonce: string;
  /** The claim's `fen`. */
  fence: string;
  /** The claim's `iat`. */
  issuedAtMs: number;
  /** When the burn may be forgotten, `forgetBurnAt(exp)`; the ledger refuses the claim from then on. */
  forgetAtMs: number;
  /**
   * What the claim hangs from; a revocation of any of them refuses it. A subject of kind `claim` is
   * that of this nonce: marks of other claims need not be looked at.
   */
  subjects: readonly RevocationSubject[];
}

/** What a response of a resumable claim asks for. Its bytes are paid for before they are sent. */
export interface ResponseRequest extends BurnRequest {
  /** All body bytes that may ever be sent for the claim, `budgetOf(size)`. */
  budgetBytes: number;
  /** Once a response has brought the whole file, with less than this left of the budget others are refused. */
  leastBytes: number;
  /** Bytes to pay for at once, at most the response's own. */
  bytes: number;
  /** False past the claim's `exp`: then only a copy that has begun goes on. */
  mayBegin: boolean;
}

/** Exactly one caller ever gets `burned` for a nonce; every other outcome leaves things as they were. */
export type BurnOutcome = 'burned' | 'already-used' | 'revoked' | 'superseded' | 'expired';

/** The answer to a response of a resumable claim. */
export type ResponseGrant =
  | {
      outcome: 'burned' | 'resumed';
      /** At most what was asked for; less when the budget ends there. */
      paidBytes: number;
      /** Whether no other response of the claim is open anywhere. */
      alone: boolean;
    }
  /** `already-used` also says that too little is left of the budget. Nothing was paid for. */
  | { outcome: Exclude<BurnOutcome, 'burned'> };

/** A response that is being sent pays for more. */
export interface Payment extends Pick<
  ResponseRequest,
  'nonce' | 'fence' | 'issuedAtMs' | 'subjects' | 'budgetBytes' | 'bytes'
> {
  /** What the response has sent so far, for whoever follows its progress. */
  sent: SentBytes;
}

/** Consecutive bytes of the file, from `firstByte` on. */
export interface SentBytes {
  firstByte: number;
  bytes: number;
}

export type PaymentAnswer =
  | { outcome: 'paid'; paidBytes: number; alone: boolean }
  /** `spent`: the budget is used up. `over`: the copy can no longer be resumed. */
  | { outcome: 'spent' | 'revoked' | 'superseded' | 'over' };

/** The end of a response of a resumable claim, however it ended. To be told once. */
export interface Settlement extends Pick<BurnRequest, 'nonce' | 'fence'> {
  /** What was paid for and not sent; negative when more was sent, while the ledger was away. */
  refundBytes: number;
  sent: SentBytes;
  /** Whether the response has brought the whole file. */
  whole?: boolean;
}

/**
 * What has become of a resumable claim. `under-way`: burned, and can be resumed. `over`: burned, and cannot any
 * more. `forgotten`: neither can it be burned nor resumed any more, and the ledger does not know whether it was.
 */
export type CopyState = 'unburned' | 'under-way' | 'over' | 'forgotten' | 'superseded';

export interface Revocation {
  subject: RevocationSubject;
  /** Claims issued at or before this instant are dead, Unix milliseconds. */
  issuedUntilMs: number;
  /** Spares the copies that have begun: they may be finished. */
  onlyUnburned?: boolean;
  /** When the mark may be forgotten, `forgetRevocationAt(now)`. */
  forgetAtMs: number;
}

/**
 * `started` is written by the burn itself. Of a strict claim then comes `finished` or `broken-off`; of a resumable
 * one `sending` now and then, `sent` with the end of each response, and `resumed` when one begins while no other is
 * open. `refused`: it was presented after it had been used.
 */
export const EVENT_KINDS = [
  'started',
  'sending',
  'sent',
  'resumed',
  'finished',
  'broken-off',
  'refused',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

export interface LedgerEvent {
  /** Unique; increasing for one claim. */
  id: string;
  kind: EventKind;
  /** The claim's nonce. */
  claimId: string;
  /** Body bytes that were handed to the connection. */
  bytes: number;
  /** Where in the file they begin. */
  firstByte: number;
  /** How many responses of a resumable claim are open after this. */
  open: number;
  atMs: number;
}

/** Reads events in order, each at least once; what is not acknowledged is given again. */
export interface EventFeed {
  /** The next events, at most a few hundred; empty when there are none. Does not wait. */
  next(): Promise<LedgerEvent[]>;
  acknowledge(ids: readonly string[]): Promise<void>;
}

/** Every method rejects with `LedgerUnavailableError` when the ledger cannot answer for certain. */
export interface Ledger {
  /** The fence a claim with this nonce must carry now. */
  fence(nonce: string): Promise<string>;
  burn(request: BurnRequest): Promise<BurnOutcome>;
  /** A response of a resumable claim: the first burns it, later ones go on with its copy. */
  openResponse(request: ResponseRequest): Promise<ResponseGrant>;
  /** Pays for more bytes of an open response; for none, it keeps a slow one's copy from running out. */
  pay(payment: Payment): Promise<PaymentAnswer>;
  /** Closes a response that was opened. */
  settle(settlement: Settlement): Promise<void>;
  /** What has become of a resumable claim; changes nothing. */
  copyState(claim: Pick<BurnRequest, 'nonce' | 'fence' | 'forgetAtMs'>): Promise<CopyState>;
  revoke(revocation: Revocation): Promise<void>;
  /** Whether any revocation of this subject is remembered, whatever its instants. */
  isRevoked(subject: RevocationSubject): Promise<boolean>;
  record(event: Pick<LedgerEvent, 'kind' | 'claimId' | 'bytes'>): Promise<void>;
  /** Events for a named reader; readers of different names share them out. */
  events(reader: string): EventFeed;
  /** Resolves when the ledger would answer now. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The ledger did not answer, or not for certain. After a burn this means: nothing may be served. The
 * claim is then unburned, or (its reply was lost on the way back) burned and never served.
 */
export class LedgerUnavailableError extends Error {
  override name = 'LedgerUnavailableError';
}
