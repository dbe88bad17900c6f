// An account's webhooks: where to tell it, with which secret. The secret is given out once, when it is
// made; it is stored as it is, because it signs.
import type { Kysely } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { AppContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Schema, Webhook, WebhookDelivery } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { newWebhookSecret } from './sign-delivery.js';

const MAX_WEBHOOKS = 10;
const MAX_URL_CHARACTERS = 2000;
/** How long the old secret signs too, after a new one was made. */
const ROTATION_MS = 24 * 60 * 60_000;
const SHOWN_DELIVERIES = 50;

type Deps = Pick<AppContext, 'db' | 'now'>;

/**
 * What is wrong with a URL, in words; undefined when nothing is. Plain http goes to this very machine
 * alone, and only where private addresses are allowed: a secret must not cross a network in the clear.
 */
export function webhookUrlFault(text: string, allowPrivate: boolean): string | undefined {
  const url = text.length <= MAX_URL_CHARACTERS && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'expected an address like https://example.org/hook';
  const local = allowPrivate && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    return 'expected an address that begins with https://';
  }
  if (url.username !== '' || url.password !== '') return 'expected an address without a password';
  if (url.hash !== '') return 'expected an address without a #';
  return undefined;
}

/** @throws Refused `conflict` when the account has ten already. */
export async function addWebhook(
  { db, now }: Deps,
  { accountId, url }: { accountId: string; url: string },
  by: Actor,
): Promise<Webhook> {
  return await db.transaction().execute(async (transaction) => {
    // Held, so that two requests at once do not make eleven.
    await transaction
      .selectFrom('account')
      .select('id')
      .where('id', '=', accountId)
      .forUpdate()
      .execute();
    const { count } = await transaction
      .selectFrom('webhook')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('account_id', '=', accountId)
      .executeTakeFirstOrThrow();
    if (count >= MAX_WEBHOOKS) {
      throw new Refused('conflict', `An account has at most ${MAX_WEBHOOKS} webhooks.`);
    }
    const webhook = await transaction
      .insertInto('webhook')
      .values({
        id: newId(),
        account_id: accountId,
        url: new URL(url).href,
        secret: newWebhookSecret(),
        previous_secret: null,
        previous_until: null,
        gone_at: null,
        created_at: new Date(now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await recordAudit(transaction, { ...by, ...factOf(webhook, 'webhook.added') }, now());
    return webhook;
  });
}

/** Of the address the origin alone: its path is often a secret of the other side's. */
function factOf({ id, url }: Webhook, action: 'webhook.added' | 'webhook.removed') {
  return { action, subject: `webhook:${id}`, details: { origin: new URL(url).origin } } as const;
}

export async function listWebhooks(db: Kysely<Schema>, accountId: string): Promise<Webhook[]> {
  return await db
    .selectFrom('webhook')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** @throws Refused `not-found`, also for a webhook of somebody else; as all below. */
export async function findWebhook(
  db: Kysely<Schema>,
  accountId: string,
  id: string,
): Promise<Webhook> {
  const webhook = await db
    .selectFrom('webhook')
    .selectAll()
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  if (webhook === undefined) throw new Refused('not-found');
  return webhook;
}

/** Its deliveries go with it. */
export async function deleteWebhook(
  { db, now }: Deps,
  accountId: string,
  id: string,
  by: Actor,
): Promise<void> {
  const webhook = await findWebhook(db, accountId, id);
  await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('webhook').where('id', '=', id).execute();
    await recordAudit(transaction, { ...by, ...factOf(webhook, 'webhook.removed') }, now());
  });
}

/** A new secret; for a day everything is signed with the old one too. */
export async function rotateSecret(
  { db, now }: Deps,
  accountId: string,
  id: string,
  by: Actor,
): Promise<Webhook> {
  const { secret } = await findWebhook(db, accountId, id);
  return await db.transaction().execute(async (transaction) => {
    const rotated = await transaction
      .updateTable('webhook')
      .set({
        secret: newWebhookSecret(),
        previous_secret: secret,
        previous_until: new Date(now() + ROTATION_MS),
        gone_at: null,
      })
      .where('id', '=', id)
      .where('secret', '=', secret)
      .returningAll()
      .executeTakeFirst();
    if (rotated === undefined)
      throw new Refused('conflict', 'It was changed from elsewhere just now.');
    const fact = { ...by, action: 'webhook.secret-rotated', subject: `webhook:${id}` } as const;
    await recordAudit(transaction, fact, now());
    return rotated;
  });
}

/** The newest deliveries of a webhook that is known to be the asker's. */
export async function listDeliveries(
  db: Kysely<Schema>,
  webhookId: string,
): Promise<WebhookDelivery[]> {
  return await db
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(SHOWN_DELIVERIES)
    .execute();
}
