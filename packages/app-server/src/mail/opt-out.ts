// Wanting no notices for any link, by the handle in one of them: nobody needs to sign in for it, and it
// can do nothing else. Wanting none for one link is said on that link, before its only notice was sent.
import type { Kysely } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { hashOfHandle } from '../mailed-handle.js';

/**
 * How long the way out of a notice works. The law asks for 30 days after the mail (16 CFR 316.4), and
 * people look into old mail later than that.
 */
const KEEP_MS = 365 * 24 * 60 * 60_000;

/** The account that a handle is for. @throws Refused `not-found`. */
export async function findOptOut(db: Kysely<Schema>, handle: string): Promise<string> {
  const found = await db
    .selectFrom('opt_out_handle')
    .select('account_id')
    .where('handle_hash', '=', hashOfHandle(handle))
    .executeTakeFirst();
  if (found === undefined) throw new Refused('not-found');
  return found.account_id;
}

/** Whether the account wants to know when its files are fetched. */
export async function setFetchedNotices(
  db: Kysely<Schema>,
  accountId: string,
  wanted: boolean,
  by: Actor & { nowMs: number },
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('account')
      .set({ fetched_notices: wanted })
      .where('id', '=', accountId)
      // Again is no change: who holds a handle must not be able to fill the trail by it.
      .where('fetched_notices', '!=', wanted)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    const { nowMs, actorId, address } = by;
    // Without an account it is the handle of a mail that says whose notices end.
    const fact =
      actorId === null
        ? ({ action: 'notices.stopped', details: {} } as const)
        : ({ action: 'notices.changed', details: { fetched: wanted } } as const);
    await recordAudit(transaction, { ...fact, actorId, address, accountId }, nowMs);
  });
}

/** Forgets handles of notices that were queued more than a year ago. */
export async function pruneOptOuts(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('opt_out_handle')
    .where('created_at', '<', new Date(nowMs - KEEP_MS))
    .execute();
}
