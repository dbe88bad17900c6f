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

/** Exactly one caller ever gets `burned` for a nonce; every other outcome leaves things as they were. */
export type BurnOutcome = 'burned' | 'already-used' | 'revoked' | 'superseded' | 'expired';

export interface Revocation {
  subject: RevocationSubject;
  /** Claims issued at or before this instant are dead, Unix milliseconds. */
  issuedUntilMs: number;
  /** When the mark may be forgotten, `forgetRevocationAt(now)`. */
  forgetAtMs: number;
}

/** `started` is written by the burn itself, the others by the server that saw them. */
export type EventKind = 'started' | 'finished' | 'broken-off' | 'refused';

export interface LedgerEvent {
  /** Unique; increasing for one claim. */
  id: string;
  kind: EventKind;
  /** The claim's nonce. */
  claimId: string;
  /** Body bytes that were handed to the connection. */
  bytes: number;
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
  revoke(revocation: Revocation): Promise<void>;
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
