// Somebody has proven who they are and finds no room for one more session (`SESSION_LIMIT_ACTION=refuse`). For
// ten minutes this browser may look at the account's sessions and end them, and then its sign-in goes on.
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { appendCookie, readIdCookie } from '../sessions/session-cookie.js';
import { hashOfId, newSessionId } from '../sessions/session-store.js';
import type { Proven } from './complete-sign-in.js';

const WAITING_COOKIE = '__Host-claimcheck-waiting';
const WAIT_SECONDS = 10 * 60;

/** Notes what was proven, and gives the browser the cookie for it. */
export async function waitForRoom(
  ctx: Context,
  { db, now }: IdentityContext,
  { account, method, remember = false, rememberedId, provenAtMs, secondFactor }: Proven,
): Promise<void> {
  await endWaiting(ctx, { db });
  const id = newSessionId();
  await db
    .insertInto('waiting_sign_in')
    .values({
      id_hash: hashOfId(id),
      account_id: account.id,
      method,
      password_mark: markOf(account),
      remember,
      remembered_id: rememberedId ?? null,
      proven_at: provenAtMs === undefined ? null : new Date(provenAtMs),
      second_factor: secondFactor ?? null,
      expires_at: new Date(now() + WAIT_SECONDS * 1000),
    })
    .execute();
  appendCookie(ctx, WAITING_COOKIE, id, WAIT_SECONDS);
}

/**
 * Whose sign-in waits in this browser, and what they have proven.
 * @throws Refused `not-signed-in` when none does, it is over, or the account was disabled or a way
 * into it changed.
 */
export async function findWaiting(ctx: Context, { db, now }: IdentityContext): Promise<Proven> {
  const id = readIdCookie(ctx, WAITING_COOKIE);
  if (id === undefined) throw new Refused('not-signed-in');
  const waiting = await db
    .selectFrom('waiting_sign_in')
    .selectAll()
    .where('id_hash', '=', hashOfId(id))
    .where('expires_at', '>', new Date(now()))
    .executeTakeFirst();
  const account =
    waiting &&
    (await db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', waiting.account_id)
      .where('disabled_at', 'is', null)
      .executeTakeFirst());
  if (!account || markOf(account) !== waiting.password_mark) throw new Refused('not-signed-in');
  const { method, remember, remembered_id, proven_at, second_factor } = waiting;
  return {
    account,
    method,
    remember,
    rememberedId: remembered_id ?? undefined,
    provenAtMs: proven_at?.getTime(),
    secondFactor: second_factor ?? undefined,
  };
}

/** Nothing waits in this browser any more. */
export async function endWaiting(ctx: Context, { db }: Pick<IdentityContext, 'db'>): Promise<void> {
  const id = readIdCookie(ctx, WAITING_COOKIE);
  if (id === undefined) return;
  await db.deleteFrom('waiting_sign_in').where('id_hash', '=', hashOfId(id)).execute();
  appendCookie(ctx, WAITING_COOKIE, '', 0);
}

/** Changes with every way into the account. */
function markOf({ password_hash, identity_count }: Account): string {
  return createHash('sha256')
    .update(`${identity_count}:${password_hash ?? ''}`)
    .digest('hex');
}
