// What the features of the app server are given. Made once in `server.ts`; nothing is a singleton.
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import type { Kysely } from 'kysely';
import type { AppConfig } from './config.js';
import type { PasswordHasher } from './accounts/password-hasher.js';
import type { Account, Schema } from './database/schema.js';
import type { HandOffPeers } from './hand-off/hand-off-peers.js';
import type { IdentityProvider } from './identity-provider/open-provider.js';
import type { LiveKeys } from './keys/live-keys.js';
import type { KeyedDigest } from './links/link-secret.js';
import type { AppMetrics } from './metrics.js';
import type { PlaceOfAddress } from './sessions/place-of-address.js';
import type { SessionStore } from './sessions/session-store.js';
import type { SignInLimits } from './sign-in/sign-in-limits.js';

/** For features that mint, revoke and keep things. */
export interface AppContext {
  config: AppConfig;
  db: Kysely<Schema>;
  ledger: Ledger;
  keys: LiveKeys;
  log: Logger;
  /** Keyed by a secret that is not in the database. */
  linkDigest: KeyedDigest;
  metrics: AppMetrics;
  /** Unix milliseconds. */
  now: () => number;
}

/** For features that decide who somebody is. */
export interface IdentityContext extends AppContext {
  sessions: SessionStore;
  passwords: PasswordHasher;
  signInLimits: SignInLimits;
  /** The organisation's own sign-in; undefined without one. */
  provider: IdentityProvider | undefined;
  handOffPeers: HandOffPeers;
  placeOf: PlaceOfAddress;
}

/** Who is asking: known after the session has been loaded, in `ctx.state.viewer`. */
export interface SignedIn {
  account: Account;
  /** Public reference of the session. */
  sessionReference: string;
  /**
   * When this request began, before any permission was read, Unix milliseconds. It becomes the `iat`
   * of claims minted in it, so that a permission withdrawn meanwhile kills them.
   */
  requestedAtMs: number;
  /** Whether the session is still there, asked of its store now. */
  isStillSignedIn: () => Promise<boolean>;
}
