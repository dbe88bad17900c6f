// A session as lists show it, in the API and on the pages: what helps its owner to recognise it.
import { readUserAgent } from '../pages/index.js';
import type { PlaceOfAddress } from './place-of-address.js';
import type { RememberedBrowser } from './remembered-browsers.js';
import type { Session, SignInMethod } from './session-store.js';

export interface SessionSummary {
  /** Public reference. */
  id: string;
  /** Whether it is the one that asks. */
  current: boolean;
  userAgent: string;
  /** Browser and system in words, as far as its user agent tells. */
  browser: string;
  address: string;
  /** Roughly where that is, or whose network it is of; null when nothing is known. */
  place: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  method: SignInMethod;
  /** Whether it belongs to a remembered browser. */
  remembered: boolean;
}

export function describeSession(
  session: Session,
  currentReference: string | undefined,
  placeOf: PlaceOfAddress,
): SessionSummary {
  return {
    id: session.reference,
    current: session.reference === currentReference,
    userAgent: session.userAgent,
    browser: readUserAgent(session.userAgent),
    address: session.address,
    place: placeOf(session.address),
    createdAt: new Date(session.createdAtMs),
    lastSeenAt: new Date(session.lastSeenAtMs),
    method: session.method,
    remembered: session.rememberedId !== null,
  };
}

export interface BrowserSummary {
  /** Public reference. */
  id: string;
  /** Whether it is the one that asks. */
  current: boolean;
  browser: string;
  address: string;
  place: string | null;
  /** When it last came back, or began to be remembered. */
  lastUsedAt: Date;
  createdAt: Date;
  expiresAt: Date;
}

export function describeBrowser(
  row: RememberedBrowser,
  currentId: string | null,
  placeOf: PlaceOfAddress,
): BrowserSummary {
  return {
    id: row.id,
    current: row.id === currentId,
    browser: readUserAgent(row.user_agent),
    address: row.address,
    place: placeOf(row.address),
    lastUsedAt: row.replaced_at,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
