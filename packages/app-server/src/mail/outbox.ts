// The outbox as the administrator sees it: what waits, what failed and why, and trying again. Texts of
// mails are not shown: they hold links that are for their recipients alone.
import type { ExpressionBuilder, Kysely } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { OutboxMail, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import { Refused } from '../http/problems.js';

const KEEP_MS = 90 * 24 * 60 * 60_000;

export type ListedMail = Omit<
  OutboxMail,
  'text' | 'html' | 'stable_id' | 'unsubscribe_url' | 'held_until' | 'queued_at' | 'failed_at'
>;

/** No server holds the mail now, or the one that did has not renewed its hold. */
export function isFree(nowMs: number) {
  return (where: ExpressionBuilder<Schema, 'outbox_mail'>) =>
    where.or([where('held_until', 'is', null), where('held_until', '<=', new Date(nowMs))]);
}

/** One page of the mails, newest first; of one state when it is named. */
export async function listOutbox(
  db: Kysely<Schema>,
  request: PageRequest,
  state?: OutboxMail['state'],
): Promise<PageOf<ListedMail>> {
  let query = db
    .selectFrom('outbox_mail')
    .select([
      'id',
      'kind',
      'recipient',
      'subject',
      'link_id',
      'state',
      'attempts',
      'next_attempt_at',
      'useless_after',
      'last_error',
      'created_at',
      'sent_at',
    ]);
  if (state !== undefined) query = query.where('state', '=', state);
  return await readPage(query, request);
}

/** How many mails wait and have failed. */
export async function countOutbox(db: Kysely<Schema>): Promise<{ queued: number; failed: number }> {
  const counts = await db
    .selectFrom('outbox_mail')
    .select(['state', (eb) => eb.fn.countAll<number>().as('mails')])
    .where('state', '!=', 'sent')
    .groupBy('state')
    .execute();
  const of = (state: string) => counts.find((each) => each.state === state)?.mails ?? 0;
  return { queued: of('queued'), failed: of('failed') };
}

/**
 * Has a mail that waits or failed tried now.
 * @throws Refused `not-found`; `conflict` when it was sent.
 */
export async function retryMail(
  db: Kysely<Schema>,
  id: string,
  nowMs: number,
  by: Actor,
): Promise<void> {
  const at = new Date(nowMs);
  const retried = await db.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('outbox_mail')
      .set({ state: 'queued', next_attempt_at: at, queued_at: at, failed_at: null })
      .where('id', '=', id)
      .where('state', '!=', 'sent')
      // One that is being sent now is left alone: it must not be taken a second time.
      .where(isFree(nowMs))
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    const fact = { ...by, action: 'outbox.retried', subject: `mail:${id}` } as const;
    await recordAudit(transaction, fact, nowMs);
    return true;
  });
  if (retried) return;
  const mail = await db
    .selectFrom('outbox_mail')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirst();
  if (mail === undefined) throw new Refused('not-found');
  if (mail.state === 'sent') throw new Refused('conflict', 'This mail has been sent.');
}

/** Forgets mails that were sent, or failed, more than 90 days ago. */
export async function pruneOutbox(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('outbox_mail')
    .where('state', '!=', 'queued')
    .where('created_at', '<', new Date(nowMs - KEEP_MS))
    .execute();
}
