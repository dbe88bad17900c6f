// Queuing events for the webhooks of accounts, in the transaction of what they tell of. They hold ids
// and names, never a token or a handle: whoever reads one can fetch nothing with it.
import { randomBytes } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
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

/** PostgreSQL takes 65,535 parameters a statement; a row has 13. */
const ROWS_AT_A_TIME = 1000;

/** Returns the ids of the deliveries that were added: one an event and webhook of its account. */
export async function queueWebhookEvents(
  db: Kysely<Schema> | Transaction<Schema>,
  events: readonly EventToTell[],
): Promise<string[]> {
  if (events.length === 0) return [];
  const webhooks = await db
    .selectFrom('webhook')
    .select(['id', 'account_id'])
    .where('account_id', 'in', [...new Set(events.map(({ accountId }) => accountId))])
    .where('gone_at', 'is', null)
    .execute();
  const rows = events.flatMap((event) =>
    webhooks
      .filter(
        ({ id, account_id }) => account_id === event.accountId && (event.webhookId ?? id) === id,
      )
      .map(({ id }) => deliveryOf(event, id)),
  );
  const added: string[] = [];
  for (let i = 0; i < rows.length; i += ROWS_AT_A_TIME) {
    const inserted = await db
      .insertInto('webhook_delivery')
      .values(rows.slice(i, i + ROWS_AT_A_TIME))
      .onConflict((conflict) => conflict.columns(['webhook_id', 'stable_id']).doNothing())
      .returning('id')
      .execute();
    added.push(...inserted.map(({ id }) => id));
  }
  return added;
}

function deliveryOf({ type, at, data, stableId }: EventToTell, webhookId: string) {
  return {
    id: `msg_${randomBytes(16).toString('base64url')}`,
    webhook_id: webhookId,
    event: type,
    stable_id: stableId,
    payload: JSON.stringify({ type, timestamp: at.toISOString(), data }),
    state: 'queued' as const,
    attempts: 0,
    next_attempt_at: at,
    held_until: null,
    last_status: null,
    last_error: null,
    created_at: at,
    delivered_at: null,
  };
}
