// Queuing an event for the webhooks of an account, in the transaction of what it tells of. It holds ids
// and names, never a token or a handle: whoever reads it can fetch nothing with it.
import { randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { ClaimEventTable, Schema } from '../database/schema.js';
import type { WebhookEvent } from './event-types.js';

export interface EventToTell {
  accountId: string;
  type: WebhookEvent;
  /** When it happened. */
  at: Date;
  data: Readonly<Record<string, string | number | boolean | null>>;
  /** Once a webhook: the same event reported again is not told again. */
  stableId: string;
  /** Only to this one: a test. */
  webhookId?: string;
}

/** Returns the ids of the deliveries that were added. */
export async function queueWebhookEvent(
  db: Kysely<Schema> | Transaction<Schema>,
  { accountId, type, at, data, stableId, webhookId }: EventToTell,
): Promise<string[]> {
  let query = db
    .selectFrom('webhook')
    .select('id')
    .where('account_id', '=', accountId)
    .where('gone_at', 'is', null);
  if (webhookId !== undefined) query = query.where('id', '=', webhookId);
  const webhooks = await query.execute();
  if (webhooks.length === 0) return [];
  const payload = JSON.stringify({ type, timestamp: at.toISOString(), data });
  const added = await db
    .insertInto('webhook_delivery')
    .values(
      webhooks.map(({ id }) => ({
        id: `msg_${randomBytes(16).toString('base64url')}`,
        webhook_id: id,
        event: type,
        stable_id: stableId,
        payload,
        state: 'queued' as const,
        attempts: 0,
        next_attempt_at: at,
        held_until: null,
        last_status: null,
        last_error: null,
        created_at: at,
        delivered_at: null,
      })),
    )
    .onConflict((conflict) => conflict.columns(['webhook_id', 'stable_id']).doNothing())
    .returning('id')
    .execute();
  return added.map(({ id }) => id);
}

const DOWNLOAD_EVENTS: Record<ClaimEventTable['kind'], WebhookEvent> = {
  started: 'download.started',
  resumed: 'download.resumed',
  finished: 'download.finished',
  'broken-off': 'download.broken_off',
  refused: 'download.refused',
};

/** Tells of what happened to claims: called with the events as they were stored, in that transaction. */
export async function queueDownloadEvents(
  db: Transaction<Schema>,
  events: readonly Pick<ClaimEventTable, 'id' | 'claim_id' | 'kind' | 'bytes' | 'at'>[],
): Promise<void> {
  if (events.length === 0) return;
  const claims = await db
    .selectFrom('claim')
    .select(['id', 'account_id', 'file_id', 'file_name', 'size_bytes'])
    .where('id', 'in', [...new Set(events.map(({ claim_id }) => claim_id))])
    .where('account_id', 'in', (having) => having.selectFrom('webhook').select('account_id'))
    .execute();
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  for (const event of events) {
    const claim = byId.get(event.claim_id);
    if (claim === undefined) continue;
    await queueWebhookEvent(db, {
      accountId: claim.account_id,
      type: DOWNLOAD_EVENTS[event.kind],
      at: event.at,
      stableId: `claim-event:${event.id}`,
      data: {
        claimId: claim.id,
        fileId: claim.file_id,
        fileName: claim.file_name,
        size: claim.size_bytes,
        bytes: event.bytes,
      },
    });
  }
}
