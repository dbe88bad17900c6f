// Wanting no notices: for all links of an account, or for one. By the handle in a notice nobody needs
// to sign in, and it can do nothing but this.
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { hashOfId } from '../sessions/session-store.js';

const HANDLE = /^[A-Za-z0-9_-]{32}$/;

export interface OptOut {
  accountId: string;
  linkId: string;
}

/** @throws Refused `not-found`. */
export async function findOptOut(db: Kysely<Schema>, handle: string): Promise<OptOut> {
  const found = HANDLE.test(handle)
    ? await db
        .selectFrom('opt_out_handle')
        .select(['account_id', 'link_id'])
        .where('handle_hash', '=', hashOfId(handle))
        .executeTakeFirst()
    : undefined;
  if (found === undefined) throw new Refused('not-found');
  return { accountId: found.account_id, linkId: found.link_id };
}

/** Whether the account wants to know when its files are fetched. */
export async function setFetchedNotices(
  db: Kysely<Schema>,
  accountId: string,
  wanted: boolean,
): Promise<void> {
  await db
    .updateTable('account')
    .set({ fetched_notices: wanted })
    .where('id', '=', accountId)
    .execute();
}

/** Whether a notice is wanted for this link, where the account wants them at all. */
export async function setLinkNotice(
  db: Kysely<Schema>,
  linkId: string,
  wanted: boolean,
  nowMs: number,
): Promise<void> {
  if (wanted) {
    await db.deleteFrom('quiet_link').where('link_id', '=', linkId).execute();
    return;
  }
  await db
    .insertInto('quiet_link')
    .values({ link_id: linkId, created_at: new Date(nowMs) })
    .onConflict((conflict) => conflict.column('link_id').doNothing())
    .execute();
}
