// The tables of second factors, as Kysely sees them. No secret in clear and no code: a TOTP secret is sealed
// by a key that is not in the database, recovery codes and cookies are hashed, of passkeys only public keys.
import type { ColumnType, Generated, Selectable } from 'kysely';

/** An account's authenticator app. One at a time; a new one takes its place once it is confirmed. */
export interface TotpFactorTable {
  account_id: string;
  /** Sealed (`seal-secret.ts`); null until the first was confirmed. */
  secret: string | null;
  confirmed_at: Date | null;
  /** Time step of the last code that was accepted: no code of it or of an earlier one counts again. */
  last_step: Generated<number>;
  /** Sealed; shown, and waiting for its first code. */
  setup_secret: string | null;
  setup_at: Date | null;
}

export interface RecoveryCodeTable {
  account_id: string;
  /** Of argon2id, 32 bytes, hex: the same for all codes that the account has. */
  salt: string;
  /** argon2id of the keyed hash, hex: see `recovery-codes.ts`. */
  code_hash: string;
  created_at: Date;
  used_at: ColumnType<Date | null, Date | null | undefined>;
}

export interface PasskeyTable {
  id: string;
  account_id: string;
  /** Base64url, as the browser names it. Public. */
  credential_id: string;
  /** COSE key, base64url. */
  public_key: string;
  /** Signatures made, as the authenticator counts; 0 for ever by those that do not count. */
  sign_count: number;
  /** How the browser can reach it: a JSON array of WebAuthn's words. */
  transports: string;
  /** Whether it is (or may be) copied to other devices of its owner, as that of a phone's account. */
  synced: boolean;
  name: string;
  created_at: Date;
  last_used_at: ColumnType<Date | null, Date | null | undefined>;
}

/** What an authenticator is asked to sign; each is taken out by its first answer. */
export interface PasskeyChallengeTable {
  /** SHA-256 of the challenge, hex. */
  challenge_hash: string;
  purpose: PasskeyPurpose;
  /** Whose answer alone counts: `browser:…`, `pending:…` (hashes of cookies), `session:…` (reference). */
  bound_to: string;
  expires_at: Date;
}

export type PasskeyPurpose = 'register' | 'sign-in' | 'second-factor' | 'proof';

/** Somebody who has proven a first factor, and has a second. Gives no access to anything. */
export interface PendingSignInTable {
  /** SHA-256 of the cookie, hex. */
  id_hash: string;
  account_id: string;
  /** Keyed hash of the password's hash: a changed password ends it. */
  password_state: string;
  /** JSON of how the first factor was proven, handed on when the second was. */
  proven: string;
  wrong_codes: Generated<number>;
  created_at: Date;
  expires_at: Date;
}

export interface FactorTables {
  totp_factor: TotpFactorTable;
  recovery_code: RecoveryCodeTable;
  passkey: PasskeyTable;
  passkey_challenge: PasskeyChallengeTable;
  pending_sign_in: PendingSignInTable;
}

export type Passkey = Selectable<PasskeyTable>;
export type PendingSignIn = Selectable<PendingSignInTable>;
