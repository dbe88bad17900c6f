// Browsers that are remembered: a public selector finds the row, a secret of 256 bits proves it, and each use
// replaces the secret. What an old secret means is decided here, in one transaction; docs/sessions.md has the
// reasons, and every order in which a browser and a thief can come.
import { timingSafeEqual } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Account, Schema } from '../database/schema.js';
import { newId } from '../database/new-id.js';
import type { RememberedBrowserTable } from './remembered-tables.js';
import { hashOfId, newSessionId, type SignInMethod } from './session-store.js';

export type RememberedBrowser = Selectable<RememberedBrowserTable>;

/** What the cookie holds. */
export interface RememberToken {
  selector: string;
  secret: string;
}

/**
 * How long after its replacement an old secret is taken for a request of the same browser that was under way.
 * It is given nothing for it but the advice to ask again, so a thief has no use for this time.
 */
export const GRACE_MS = 10_000;

const SELECTOR_BYTES = 16;

export interface BrowserToRemember {
  account: Account;
  method: SignInMethod;
  deviceHash: string;
  userAgent: string;
  address: string;
}

/**
 * Begins to remember a browser whose owner has just proven who they are. Undefined when the account was disabled
 * or got another password since it was read: nobody is remembered past that.
 */
export async function rememberBrowser(
  db: Kysely<Schema>,
  { account, method, deviceHash, userAgent, address }: BrowserToRemember,
  { nowMs, lifeMs }: { nowMs: number; lifeMs: number },
): Promise<{ id: string; token: RememberToken } | undefined> {
  const [id, token] = [newId(), { selector: newId(SELECTOR_BYTES), secret: newSessionId() }];
  return await db.transaction().execute(async (transaction) => {
    // A change of the password waits for this lock, and then forgets this row too.
    const current = await transaction
      .selectFrom('account')
      .select(['password_hash', 'disabled_at'])
      .where('id', '=', account.id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (current?.disabled_at !== null || current.password_hash !== account.password_hash)
      return undefined;
    await transaction
      .insertInto('remembered_browser')
      .values({
        id,
        account_id: account.id,
        selector: token.selector,
        secret_hash: hashOfId(token.secret),
        previous_hash: null,
        replaced_at: new Date(nowMs),
        received: true,
        session_reference: null,
        device_hash: deviceHash,
        method,
        user_agent: userAgent,
        address,
        created_at: new Date(nowMs),
        expires_at: new Date(nowMs + lifeMs),
      })
      .execute();
    return { id, token };
  });
}

export type Presented =
  /** Nothing of ours, forgotten, or over. */
  | { is: 'unknown' }
  /** The good one: `token` replaces it. */
  | { is: 'good'; browser: RememberedBrowser; token: RememberToken }
  /** Replaced a moment ago: the browser will have the new one when it asks again. */
  | { is: 'just-replaced' }
  /** Replaced, and somebody else has what replaced it. Nothing was changed. */
  | { is: 'stolen'; browser: RememberedBrowser };

/**
 * Judges a token, and replaces its secret when it is the good one. An old secret is forgiven in one case only:
 * nobody has shown to have the one that replaced it, and the asker brings the device cookie (`deviceHash`) of
 * the browser that is remembered. Then the answer was lost on its way.
 */
export async function presentToken(
  db: Kysely<Schema>,
  { selector, secret }: RememberToken,
  { deviceHash, nowMs }: { deviceHash: string | undefined; nowMs: number },
): Promise<Presented> {
  return await db.transaction().execute(async (transaction): Promise<Presented> => {
    const browser = await transaction
      .selectFrom('remembered_browser')
      .selectAll()
      .where('selector', '=', selector)
      .forUpdate()
      .executeTakeFirst();
    if (browser === undefined || browser.expires_at.getTime() <= nowMs) return { is: 'unknown' };
    const isGood = isHashOf(browser.secret_hash, secret);
    if (!isGood) {
      const isPrevious = isHashOf(browser.previous_hash, secret);
      if (isPrevious && nowMs - browser.replaced_at.getTime() < GRACE_MS) {
        return { is: 'just-replaced' };
      }
      const isItsDevice = deviceHash !== undefined && deviceHash === browser.device_hash;
      if (!isPrevious || browser.received || !isItsDevice) return { is: 'stolen', browser };
    }
    const token = { selector, secret: newSessionId() };
    await transaction
      .updateTable('remembered_browser')
      .set({
        secret_hash: hashOfId(token.secret),
        previous_hash: isGood ? browser.secret_hash : browser.previous_hash,
        replaced_at: new Date(nowMs),
        received: false,
        session_reference: null,
      })
      .where('id', '=', browser.id)
      .execute();
    return { is: 'good', browser, token };
  });
}

/** Notes which session was begun with the secret that is good now; false when it is no longer remembered. */
export async function noteSessionOf(
  db: Kysely<Schema>,
  id: string,
  reference: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('remembered_browser')
    .set({ session_reference: reference })
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The session is in use, so the answer that brought it and the good secret has arrived. */
export async function noteReceived(
  db: Kysely<Schema>,
  id: string,
  reference: string,
): Promise<void> {
  await db
    .updateTable('remembered_browser')
    .set({ received: true })
    .where('id', '=', id)
    .where('session_reference', '=', reference)
    .execute();
}

export type BrowsersOf = { account: string; id?: string; exceptId?: string | null };

/** Forgets some or all of an account's browsers; returns which. Their sessions are the caller's to end. */
export async function forgetBrowsers(
  db: Kysely<Schema> | Transaction<Schema>,
  { account, id, exceptId }: BrowsersOf,
): Promise<string[]> {
  let query = db.deleteFrom('remembered_browser').where('account_id', '=', account);
  if (id !== undefined) query = query.where('id', '=', id);
  if (exceptId) query = query.where('id', '!=', exceptId);
  const rows = await query.returning('id').execute();
  return rows.map((row) => row.id);
}

/** Which browser a token is of, whose secret is the good one or the one before: for signing out. */
export async function findByToken(
  db: Kysely<Schema>,
  { selector, secret }: RememberToken,
): Promise<RememberedBrowser | undefined> {
  const browser = await db
    .selectFrom('remembered_browser')
    .selectAll()
    .where('selector', '=', selector)
    .executeTakeFirst();
  const isOurs = [browser?.secret_hash, browser?.previous_hash].some((hash) =>
    isHashOf(hash, secret),
  );
  return isOurs ? browser : undefined;
}

/** The account's remembered browsers, newest first. */
export async function listBrowsers(
  db: Kysely<Schema>,
  accountId: string,
  nowMs: number,
): Promise<RememberedBrowser[]> {
  return await db
    .selectFrom('remembered_browser')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('expires_at', '>', new Date(nowMs))
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

/** Deletes what is over, of all accounts: browsers, and sign-ins that waited for room. */
export async function pruneRemembered(db: Kysely<Schema>, nowMs: number): Promise<void> {
  for (const table of ['remembered_browser', 'waiting_sign_in'] as const) {
    await db.deleteFrom(table).where('expires_at', '<=', new Date(nowMs)).execute();
  }
}

function isHashOf(hash: string | null | undefined, secret: string): boolean {
  if (hash === null || hash === undefined) return false;
  return timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(hashOfId(secret), 'hex'));
}
