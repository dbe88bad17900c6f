// The tables of remembered browsers and of sign-ins that wait for room; joined to the schema by `extends`.
import type { FactorKind } from '../factors/read-factors.js';
import type { Generated } from 'kysely';
import type { SignInMethod } from './session-store.js';

/** A browser that may come back without a password: a family of secrets, each of which replaces the last. */
export interface RememberedBrowserTable {
  /** Public reference, for lists; sessions begun by it name it. */
  id: string;
  account_id: string;
  /** 128 random bits, base64url: finds the row, and proves nothing. */
  selector: string;
  /** SHA-256 of the secret that is good now, hex. */
  secret_hash: string;
  /** Of the one that it replaced; null until the first use. */
  previous_hash: string | null;
  /** When `secret_hash` became the good one. */
  replaced_at: Date;
  /** Whether the browser has shown that it got the answer with the good secret. */
  received: boolean;
  /** The session that was begun together with the good secret. */
  session_reference: string | null;
  /** SHA-256 of the browser's device cookie, hex. */
  device_hash: string;
  /** How it was proven who this is, when the browser began to be remembered. */
  method: SignInMethod;
  user_agent: string;
  address: string;
  created_at: Date;
  /** Counted from the proof; using it does not make it longer. */
  expires_at: Date;
}

/** Somebody who has proven who they are and found no room for one more session. */
export interface WaitingSignInTable {
  /** SHA-256 of the cookie's id, hex. */
  id_hash: string;
  account_id: string;
  method: SignInMethod;
  /** SHA-256 of the password's hash at the time: it waits in vain once the password is another. */
  password_mark: string;
  /** Whether the browser is to be remembered. */
  remember: boolean;
  /** The remembered browser that came back, if it was one. */
  remembered_id: string | null;
  /** When it was proven, where that was elsewhere; null: when it began to wait. */
  proven_at: Date | null;
  expires_at: Date;
  /** The second factor that was given already: it is not asked for again. */
  second_factor: FactorKind | null;
}

export interface SessionTables {
  remembered_browser: RememberedBrowserTable;
  waiting_sign_in: WaitingSignInTable;
}

/** What `session` and `account` have besides. */
export interface RememberedColumn {
  /** The remembered browser that it belongs to. */
  remembered_id: string | null;
}
export interface TheftColumn {
  /** When a stolen secret of a remembered browser was last noticed; null once its owner has read that. */
  theft_at: Generated<Date | null>;
}
