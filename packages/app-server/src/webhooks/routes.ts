// An account's webhooks over HTTP: API and page call the same functions. A secret is in one answer only,
// that to the request which made it.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Webhook, WebhookDelivery } from '../database/schema.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { idOf } from '../http/path-id.js';
import { readForm, readJson } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderWebhook, renderWebhooks, type WebhooksProps } from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { webhookInput } from './input.js';
import { queueWebhookEvents } from './queue-event.js';
import {
  addWebhook,
  deleteWebhook,
  findWebhook,
  listDeliveries,
  listWebhooks,
  rotateSecret,
} from './webhooks.js';

export function createWebhookRoutes(context: AppContext) {
  const { config, db, now } = context;
  const input = webhookInput(config.webhookAllowPrivate);

  /** Returns the id of the delivery. */
  async function sendTest(ctx: Context): Promise<string | undefined> {
    const webhook = await findWebhook(db, ownerOf(ctx), idOf(ctx));
    const [delivery] = await queueWebhookEvents(db, [
      {
        accountId: webhook.account_id,
        webhookId: webhook.id,
        type: 'webhook.test',
        at: new Date(now()),
        stableId: `test:${newId()}`,
        data: { webhookId: webhook.id },
      },
    ]);
    return delivery;
  }

  async function showList(
    ctx: Context,
    given: Pick<WebhooksProps, 'made' | 'error' | 'url'> = {},
  ): Promise<void> {
    const viewer = viewerOf(ctx).account;
    ctx.body = renderWebhooks({
      assets: assetsOf(ctx),
      viewer,
      webhooks: (await listWebhooks(db, viewer.id)).map(describe),
      notice: given.made || given.error ? undefined : noticeOf(ctx),
      ...given,
    });
  }

  return {
    /** `GET /api/webhooks`. */
    apiList: async (ctx: Context) => {
      ctx.body = { webhooks: (await listWebhooks(db, ownerOf(ctx))).map(describe) };
    },
    /** `POST /api/webhooks {url}` 201 `{id, url, secret, …}`. */
    apiAdd: async (ctx: Context) => {
      const { url } = await readJson(ctx, input);
      const webhook = await addWebhook(context, { accountId: ownerOf(ctx), url }, actorOf(ctx));
      ctx.status = 201;
      ctx.body = { ...describe(webhook), secret: webhook.secret };
    },
    /** `DELETE /api/webhooks/{id}` 204. */
    apiDelete: async (ctx: Context) => {
      await deleteWebhook(context, ownerOf(ctx), idOf(ctx), actorOf(ctx));
      ctx.status = 204;
    },
    /** `POST /api/webhooks/{id}/secret`: a new one; the old one signs too for a day. */
    apiRotate: async (ctx: Context) => {
      const webhook = await rotateSecret(context, ownerOf(ctx), idOf(ctx), actorOf(ctx));
      ctx.body = { ...describe(webhook), secret: webhook.secret };
    },
    /** `POST /api/webhooks/{id}/test` 202 `{deliveryId}`. */
    apiTest: async (ctx: Context) => {
      ctx.body = { deliveryId: await sendTest(ctx) };
      ctx.status = 202;
    },
    /** `GET /api/webhooks/{id}/deliveries`: the last fifty, newest first. */
    apiDeliveries: async (ctx: Context) => {
      const { id } = await findWebhook(db, ownerOf(ctx), idOf(ctx));
      ctx.body = { deliveries: (await listDeliveries(db, id)).map(describeDelivery) };
    },

    pageList: (ctx: Context) => showList(ctx),
    pageAdd: async (ctx: Context) => {
      let made: WebhooksProps['made'];
      const error = await pageRefusal(ctx, async () => {
        const { url } = await readForm(ctx, input);
        made = await addWebhook(context, { accountId: ownerOf(ctx), url }, actorOf(ctx));
      });
      if (error === undefined) await showList(ctx, { made });
      else await showList(ctx, { error, url: typedText(ctx, 'url') });
    },
    pageShow: async (ctx: Context) => {
      const viewer = viewerOf(ctx).account;
      const webhook = await findWebhook(db, viewer.id, idOf(ctx));
      ctx.body = renderWebhook({
        assets: assetsOf(ctx),
        viewer,
        webhook: describe(webhook),
        deliveries: (await listDeliveries(db, webhook.id)).map(describeDelivery),
        notice: noticeOf(ctx),
      });
    },
    pageDelete: async (ctx: Context) => {
      await deleteWebhook(context, ownerOf(ctx), idOf(ctx), actorOf(ctx));
      redirectDone(ctx, '/webhooks', 'webhook-deleted');
    },
    pageRotate: async (ctx: Context) => {
      const made = await rotateSecret(context, ownerOf(ctx), idOf(ctx), actorOf(ctx));
      await showList(ctx, { made });
    },
    pageTest: async (ctx: Context) => {
      await sendTest(ctx);
      redirectDone(ctx, `/webhooks/${idOf(ctx)}`, 'webhook-tested');
    },
  };
}

function ownerOf(ctx: Context): string {
  return viewerOf(ctx).account.id;
}

function describe({ id, url, gone_at, previous_until, created_at }: Webhook) {
  return {
    id,
    url,
    /** The other side said that it wants no more; a new secret starts it again. */
    stopped: gone_at !== null,
    oldSecretSignsUntil: previous_until ?? undefined,
    createdAt: created_at,
  };
}

function describeDelivery(delivery: WebhookDelivery) {
  return {
    id: delivery.id,
    event: delivery.event,
    state: delivery.state,
    attempts: delivery.attempts,
    lastStatus: delivery.last_status ?? undefined,
    lastError: delivery.last_error ?? undefined,
    nextAttemptAt: delivery.state === 'queued' ? delivery.next_attempt_at : undefined,
    createdAt: delivery.created_at,
    deliveredAt: delivery.delivered_at ?? undefined,
  };
}
