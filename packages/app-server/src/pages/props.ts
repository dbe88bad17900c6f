// What the pages are given. Plain data only: a page reads no clock, no database and no request, so
// the same props always give the same text (the claims page relies on it to see what has changed).

/** URLs of the style sheet and the script, each with its content hash. */
export interface Assets {
  style: string;
  script: string;
}

/** Who is signed in; `email` is null until the first administrator has chosen one. */
export interface Viewer {
  email: string | null;
  role: 'admin' | 'member';
  /** When a stolen sign-in was noticed; shown on every page until its owner has read that. */
  theft_at?: Date | null | undefined;
}

/** The outcome of what the person has just done, shown above the page's content. */
export interface Notice {
  kind: 'done' | 'error';
  text: string;
}

export interface FileRow {
  id: string;
  name: string;
  /** Media type. */
  type: string;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  createdAt: Date;
}

export type ClaimState =
  'waiting' | 'started' | 'interrupted' | 'finished' | 'broken-off' | 'expired' | 'revoked';

export interface ClaimRow {
  id: string;
  fileName: string;
  sizeBytes: number;
  createdAt: Date;
  expiresAt: Date;
  state: ClaimState;
  mode: 'strict' | 'resumable';
  bytesSent: number;
  /** Until when a client can go on with an interrupted copy. */
  resumableUntil?: Date | undefined;
  startedAt?: Date | undefined;
  endedAt?: Date | undefined;
  /** How often it was presented again after it had been used. */
  refusedCount: number;
  lastRefusedAt?: Date | undefined;
  /** When its signing key was retired in an emergency, if it is revoked by that. */
  keyRetiredAt?: Date | undefined;
}

export interface SessionRow {
  /** Public reference, never the session id. */
  id: string;
  /** The session that asks for this page. */
  current: boolean;
  /** Browser and system, in words. */
  browser: string;
  address: string;
  /** Roughly where that is. */
  place: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  /** How it was proven who this is. */
  method: string;
  /** It belongs to a remembered browser. */
  remembered: boolean;
}

/** A browser that may come back without a password. */
export interface RememberedRow {
  id: string;
  current: boolean;
  browser: string;
  address: string;
  place: string | null;
  lastUsedAt: Date;
  expiresAt: Date;
}

export interface AccountRow {
  id: string;
  email: string | null;
  role: 'admin' | 'member';
  disabled: boolean;
  createdAt: Date;
  /** The account of the person who looks at the page. */
  self: boolean;
  /** Its owner has not chosen a password yet. */
  invited?: boolean | undefined;
  /** Whether it has an authenticator app or a passkey. */
  secondFactor?: boolean | undefined;
  /** Until when the invitation can be accepted; undefined when it ran out. */
  invitationEndsAt?: Date | undefined;
}

export interface PasskeyRow {
  id: string;
  name: string;
  /** Its owner's devices share it. */
  synced: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** What an account has of second factors. */
export interface SecondFactorState {
  /** Whether this server asks for one. */
  required: boolean;
  totp: { confirmedAt: Date } | null;
  passkeys: readonly PasskeyRow[];
  recoveryCodesLeft: number;
}

/** Props of every page for somebody who is signed in. */
export interface SignedInProps {
  assets: Assets;
  viewer: Viewer;
  notice?: Notice | undefined;
}
