// Where sessions are kept: one contract, two stores (SQL, Redis), one suite that both pass. A store
// never sees a session id, only its hash, and never brings back a session that was removed.
import { createHash, randomBytes } from 'node:crypto';

export interface Session {
  /** SHA-256 of the session id, hex. */
  idHash: string;
  /** Public reference, for lists and for the `ses` of claims. */
  reference: string;
  accountId: string;
  userAgent: string;
  address: string;
  /** Unix milliseconds, like all instants here. */
  createdAtMs: number;
  lastSeenAtMs: number;
  /** How it was proven who this is, when the session began. */
  method: SignInMethod;
  /** When it was last proven in this session: dangerous actions ask for a recent one. Zero: never. */
  provenAtMs: number;
  /** The remembered browser that it belongs to: they end together. */
  rememberedId: string | null;
}

/**
 * `first-run-link` is the one that the server prints for its first administrator; `remembered` proves nothing
 * anew.
 */
export type SignInMethod =
  | 'password'
  | 'mailed-link'
  | 'first-run-link'
  | 'passkey'
  | 'remembered'
  | 'identity-provider'
  | 'hand-off';

/** How many sessions an account may have, and what happens to one more. A remembered browser has one. */
export interface Room {
  most: number;
  whenFull: 'end-oldest' | 'refuse';
  /** Reference of the session that the browser had until now: its place is taken, whatever the rule. */
  inPlaceOf: string | undefined;
}

export interface Addition {
  /** False when there was no room; then nothing was changed. */
  added: boolean;
  /** The account's sessions that ended for it: those whose place was taken, and the oldest. */
  ended: Session[];
}

/** Whether a session gives its place to a new one: it is what the same browser had until now. */
export function givesPlace(
  one: Session,
  to: Pick<Session, 'rememberedId'>,
  { inPlaceOf }: Room,
): boolean {
  if (one.reference === inPlaceOf) return true;
  return one.rememberedId !== null && one.rememberedId === to.rememberedId;
}

export interface SessionLimits {
  /** A session unused for this long is over, milliseconds. */
  idleMs: number;
  /** A session is over this long after it began, milliseconds. */
  lifeMs: number;
}

/** Every method rejects with an unavailable error of its own when the store does not answer. */
export interface SessionStore {
  /** Makes room and adds, in one step: however many do it at once, an account has no more than its room. */
  add(session: Session, room: Room): Promise<Addition>;
  /** Undefined when there is none, or it is over. */
  find(idHash: string, nowMs: number): Promise<Session | undefined>;
  /**
   * Notes that a session was used. When it has been removed since it was read, nothing happens: a
   * request in flight cannot bring a revoked session back.
   */
  touch(session: Session, nowMs: number): Promise<void>;
  /**
   * Notes at `atMs` that it was proven anew who this is, and gives the session another id; the old one ends.
   * False, and nothing was done, when the session has been removed since it was read.
   */
  renew(session: Session, to: { idHash: string; atMs: number }): Promise<boolean>;
  /** Ends sessions, under whatever id they have by now. */
  remove(sessions: readonly Session[]): Promise<void>;
  /** The account's sessions that are not over, oldest first. */
  list(accountId: string, nowMs: number): Promise<Session[]>;
}

/** The store (Redis) did not answer. */
export class SessionsUnavailableError extends Error {
  override name = 'SessionsUnavailableError';
}

/** When the session ends if it is not used again, Unix milliseconds. */
export function endOf(session: Session, { idleMs, lifeMs }: SessionLimits): number {
  return Math.min(session.lastSeenAtMs + idleMs, session.createdAtMs + lifeMs);
}

/** A session id: 256 random bits, base64url. Known to the browser alone. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is stored of a random id. A plain hash is enough for 256 random bits: there is nothing to
 * guess.
 */
export function hashOfId(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
