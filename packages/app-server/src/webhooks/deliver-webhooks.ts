// From the queue to the other side, with retries. As with mail, any number of app servers share the
// queue; unlike mail, a delivery may arrive twice (a crash between answer and mark), which the other
// side tells by its `webhook-id`, as Standard Webhooks has it.
import type { Logger } from '@claimcheck/shared/log';
import { sql, type ExpressionBuilder, type Kysely } from 'kysely';
import type { Schema, Webhook, WebhookDelivery } from '../database/schema.js';
import type { Slots } from '../slots.js';
import type { DeliverySender } from './send-delivery.js';
import { signDelivery } from './sign-delivery.js';

/** Deliveries that one process attempts at a time, and how many of them may be to one webhook. */
export const DELIVERIES_AT_A_TIME = 32;
const EACH = 4;
/** Longer than an attempt can take. */
const HOLD_MS = 60_000;
const KEEP_MS = 30 * 24 * 60 * 60_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Waits between attempts, as Standard Webhooks proposes them; after the last the delivery has failed. */
export const RETRY_WAITS_MS: readonly number[] = [
  5_000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

export interface WebhookDeps {
  db: Kysely<Schema>;
  log: Logger;
  now: () => number;
  sender: DeliverySender;
  slots: Slots;
}

type Outcome = { status: number } | { error: string };

/** Begins to attempt what is due, and returns how many that were. Rejects when the database is away. */
export async function deliverWebhooks(deps: WebhookDeps): Promise<number> {
  const free = deps.slots.free();
  if (free === 0) return 0;
  const due = await takeDue(deps, free);
  for (const delivery of due) deps.slots.begin(() => attempt(deps, delivery));
  return due.length;
}

/** Of one webhook a few at a time, those under way counted in: one that is silent keeps no others waiting. */
async function takeDue({ db, now }: WebhookDeps, most: number): Promise<WebhookDelivery[]> {
  const at = new Date(now());
  const isOpen = (where: ExpressionBuilder<Schema, 'webhook_delivery'>) =>
    where.and([where('state', '=', 'queued'), where('next_attempt_at', '<=', at)]);
  const isFree = (where: ExpressionBuilder<Schema, 'webhook_delivery'>) =>
    where.or([where('held_until', 'is', null), where('held_until', '<=', at)]);
  const ranked = db
    .selectFrom('webhook_delivery')
    .select([
      'id',
      sql<number>`row_number() over (partition by webhook_id order by
        coalesce(held_until > ${at}, false) desc, next_attempt_at, id)`.as('rank'),
    ])
    .where(isOpen)
    .as('ranked');
  return await db
    .updateTable('webhook_delivery')
    .set({ attempts: sql`attempts + 1`, held_until: new Date(at.getTime() + HOLD_MS) })
    .where('id', 'in', (due) =>
      due
        .selectFrom('webhook_delivery')
        .select('id')
        .where('id', 'in', (first) =>
          first.selectFrom(ranked).select('ranked.id').where('ranked.rank', '<=', EACH),
        )
        // Asked again of the row that is locked: another server may have taken it meanwhile.
        .where(isOpen)
        .where(isFree)
        .orderBy('next_attempt_at')
        .limit(most)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
}

async function attempt(deps: WebhookDeps, delivery: WebhookDelivery): Promise<void> {
  const { db, log, now } = deps;
  const webhook = await db
    .selectFrom('webhook')
    .selectAll()
    .where('id', '=', delivery.webhook_id)
    .executeTakeFirst();
  // Deleted meanwhile, and its deliveries with it.
  if (webhook === undefined) return;
  const outcome = await trySend(deps, webhook, delivery);
  const delivered = 'status' in outcome && outcome.status >= 200 && outcome.status < 300;
  const wait = RETRY_WAITS_MS[delivery.attempts - 1];
  const gone = 'status' in outcome && outcome.status === 410;
  const state = delivered ? 'delivered' : gone || wait === undefined ? 'failed' : 'queued';
  log.info(
    {
      deliveryId: delivery.id,
      event: delivery.event,
      attempts: delivery.attempts,
      state,
      ...outcome,
    },
    'a webhook was attempted',
  );
  const at = now();
  await db
    .updateTable('webhook_delivery')
    .set({
      state,
      held_until: null,
      last_status: 'status' in outcome ? outcome.status : null,
      last_error: delivered ? null : describe(outcome),
      next_attempt_at: new Date(at + (wait ?? 0)),
      delivered_at: delivered ? new Date(at) : null,
    })
    .where('id', '=', delivery.id)
    .where('attempts', '=', delivery.attempts)
    .execute();
  // The specification's way for the other side to say: stop.
  if (gone) {
    await db
      .updateTable('webhook')
      .set({ gone_at: new Date(at) })
      .where('id', '=', webhook.id)
      .execute();
  }
}

async function trySend(
  { sender, now }: WebhookDeps,
  webhook: Webhook,
  delivery: WebhookDelivery,
): Promise<Outcome> {
  const secrets = [webhook.secret];
  if (webhook.previous_secret !== null && (webhook.previous_until?.getTime() ?? 0) > now()) {
    secrets.push(webhook.previous_secret);
  }
  try {
    const headers = signDelivery(delivery, secrets, now());
    return { status: await sender.send(webhook.url, headers, delivery.payload) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function describe(outcome: Outcome): string {
  if ('error' in outcome) return outcome.error;
  if (outcome.status === 410) return 'answered 410: it wants no more';
  if (outcome.status >= 300 && outcome.status < 400) {
    return `answered ${outcome.status}: redirects are not followed`;
  }
  return `answered ${outcome.status}`;
}

function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  const said = [message, code].find(
    (each): each is string => typeof each === 'string' && each !== '',
  );
  return (said ?? 'no answer')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 300);
}

/** Forgets deliveries that were made, or given up, more than 30 days ago. */
export async function pruneDeliveries(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('webhook_delivery')
    .where('state', '!=', 'queued')
    .where('created_at', '<', new Date(nowMs - KEEP_MS))
    .execute();
}
