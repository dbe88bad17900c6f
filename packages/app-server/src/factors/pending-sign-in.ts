// Between the first factor and the second: a cookie of its own, which opens nothing, and a row that says who
// has proven what. It ends after ten minutes, with a changed password, and with too many wrong codes.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { Kysely, Transaction } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import type { KeyedDigest } from '../links/link-secret.js';
import { PENDING_COOKIE } from '../sessions/session-cookie.js';
import { hashOfId } from '../sessions/session-store.js';
import type { PendingSignIn } from './factor-tables.js';

/** Long enough to find the phone. */
export const PENDING_COUNTS_MS = 10 * 60_000;
/** The cookie outlives what it is for, so that running out can be told from never having begun. */
const COOKIE_SECONDS = 60 * 60;
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';
const VALUE = /^[A-Za-z0-9_-]{43}$/;

type Db = Kysely<Schema> | Transaction<Schema>;

/**
 * Notes that the first factor was proven, and gives the browser the cookie for the second.
 * @param proven what the sign-in is to go on with; JSON.
 */
export async function beginPendingSignIn(
  ctx: Context,
  { db, linkDigest, now }: Pick<IdentityContext, 'db' | 'linkDigest' | 'now'>,
  account: Account,
  proven: Readonly<Record<string, unknown>>,
): Promise<Date> {
  const id = randomBytes(32).toString('base64url');
  const expiresAt = new Date(now() + PENDING_COUNTS_MS);
  await db
    .insertInto('pending_sign_in')
    .values({
      id_hash: hashOfId(id),
      account_id: account.id,
      password_state: passwordState(linkDigest, account),
      proven: JSON.stringify(proven),
      created_at: new Date(now()),
      expires_at: expiresAt,
    })
    .execute();
  ctx.append('Set-Cookie', `${PENDING_COOKIE}=${id}; Max-Age=${COOKIE_SECONDS}; ${ATTRIBUTES}`);
  return expiresAt;
}

export interface FoundPending {
  pending: PendingSignIn;
  account: Account;
}

/**
 * The sign-in that this browser has begun, with its account as it is now.
 * @throws Refused `sign-in-expired`, also when the account was disabled or its password changed since.
 */
export async function findPendingSignIn(
  ctx: Context,
  db: Db,
  { linkDigest, now }: Pick<IdentityContext, 'linkDigest' | 'now'>,
): Promise<FoundPending> {
  const idHash = pendingHashOf(ctx);
  if (idHash === undefined) throw new Refused('sign-in-expired', 'Sign in from the beginning.');
  let query = db.selectFrom('pending_sign_in').selectAll().where('id_hash', '=', idHash);
  // Answers to one sign-in wait for each other, so that no count of wrong ones is lost.
  if (db.isTransaction) query = query.forUpdate();
  const pending = await query.executeTakeFirst();
  if (pending === undefined || pending.expires_at.getTime() <= now()) {
    throw new Refused('sign-in-expired');
  }
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', pending.account_id)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (account === undefined || passwordState(linkDigest, account) !== pending.password_state) {
    throw new Refused('sign-in-expired', 'The account was changed meanwhile. Sign in again.');
  }
  return { pending, account };
}

/** After this many wrong codes one begins anew with the first factor. */
export const WRONG_CODES = 5;

/** The refusal of a sign-in that has no try left. */
export function tooManyWrongCodes(): Refused {
  return new Refused('sign-in-expired', 'Too many wrong codes. Sign in from the beginning.');
}

/**
 * Counts a code as wrong, also before it is known to be: one statement, so that none slips through among many.
 * Returns the how many-th it is.
 * @throws Refused `sign-in-expired` when no try is left.
 */
export async function takeTry(db: Db, { id_hash }: PendingSignIn): Promise<number> {
  const taken = await db
    .updateTable('pending_sign_in')
    .set(({ eb }) => ({ wrong_codes: eb('wrong_codes', '+', 1) }))
    .where('id_hash', '=', id_hash)
    .where('wrong_codes', '<', WRONG_CODES)
    .returning('wrong_codes')
    .executeTakeFirst();
  if (taken === undefined) throw tooManyWrongCodes();
  return taken.wrong_codes;
}

/** Takes that back, where the code was not looked at. */
export async function returnTry(db: Db, { id_hash }: PendingSignIn): Promise<void> {
  await db
    .updateTable('pending_sign_in')
    .set(({ eb }) => ({ wrong_codes: eb('wrong_codes', '-', 1) }))
    .where('id_hash', '=', id_hash)
    .execute();
}

/** Ends it; false when another request has just done so. */
export async function endPendingSignIn(db: Db, idHash: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('pending_sign_in')
    .where('id_hash', '=', idHash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export function clearPendingCookie(ctx: Context): void {
  ctx.append('Set-Cookie', `${PENDING_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`);
}

/** The hash of the cookie, when the browser brings one that could be ours. */
export function pendingHashOf(ctx: Context): string | undefined {
  const value = ctx.cookies.get(PENDING_COOKIE);
  return value !== undefined && VALUE.test(value) ? hashOfId(value) : undefined;
}

/** Forgets those that ended, some time after they did. */
export async function prunePendingSignIns(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('pending_sign_in')
    .where('expires_at', '<', new Date(nowMs - COOKIE_SECONDS * 1000))
    .execute();
}

function passwordState(keyed: KeyedDigest, { id, password_hash }: Account): string {
  return keyed('pending-sign-in', id, password_hash ?? '');
}
