// The tables of identities that others vouch for, as Kysely sees them. No token of anybody is stored, and
// of a sign-in under way only the hash of the secret that the browser keeps.
import type { Selectable } from 'kysely';

/** A person as somebody else knows them, and which account that is here. */
export interface ExternalIdentityTable {
  id: string;
  account_id: string;
  /** Who vouches: the provider's issuer identifier, or a peer's origin. */
  issuer: string;
  /** Whom they vouch for, in their words; the same for ever, unlike an e-mail address. */
  subject: string;
  /** As the provider named it when it was connected, to be shown; nothing is decided by it. */
  email: string | null;
  created_at: Date;
  last_used_at: Date | null;
}

/** `provider`: OpenID Connect. `peer`: another app server's hand-off. */
export type AttemptWay = 'provider' | 'peer';

/** What the browser was sent away for. */
export type AttemptPurpose = 'sign-in' | 'connect' | 'prove';

/** A browser that was sent elsewhere and has not come back. */
export interface SignInAttemptTable {
  /** SHA-256 of the secret in its cookie, hex. */
  secret_hash: string;
  way: AttemptWay;
  purpose: AttemptPurpose;
  /** Who it was sent to: the issuer, or the peer's origin. */
  issuer: string;
  /** Who was signed in, for all purposes but `sign-in`. */
  account_id: string | null;
  /** Path to end on. */
  next: string | null;
  created_at: Date;
  expires_at: Date;
}

export interface IdentityTables {
  external_identity: ExternalIdentityTable;
  sign_in_attempt: SignInAttemptTable;
}

export type ExternalIdentity = Selectable<ExternalIdentityTable>;
export type SignInAttempt = Selectable<SignInAttemptTable>;
