// The outbox for administrators, and the way to have no more notices, over HTTP.
import type { Context } from 'koa';
import { z } from 'zod';
import { noticesForm, noticesInput } from '../accounts/input.js';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { idOf } from '../http/path-id.js';
import { check, readForm, readJson } from '../http/read-body.js';
import { renderOptedOut, renderOptOut, renderOutbox } from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { findOptOut, setFetchedNotices } from './opt-out.js';
import { countOutbox, listOutbox, retryMail, type ListedMail } from './outbox.js';

/** What the list of mails can be narrowed to. */
export const outboxFilter = z.object({ state: z.enum(['queued', 'sent', 'failed']).optional() });

export function createMailRoutes({ config, db, now }: AppContext) {
  async function stopNotices(ctx: Context): Promise<void> {
    const handle = String((ctx['params'] as Record<string, string>)['handle']);
    const byHandle = { actorId: null, address: ctx.ip, nowMs: now() };
    await setFetchedNotices(db, await findOptOut(db, handle), false, byHandle);
  }

  async function setOwnNotices(ctx: Context, wanted: boolean): Promise<void> {
    const by = { ...actorOf(ctx), nowMs: now() };
    await setFetchedNotices(db, viewerOf(ctx).account.id, wanted, by);
  }

  return {
    /** `GET /api/outbox[?state=&limit=&after=]`, newest first; with how many wait and failed. */
    apiList: async (ctx: Context) => {
      const { state } = check({ state: ctx.query['state'] }, outboxFilter);
      const { rows, next } = await listOutbox(db, readPageRequest(ctx.query), state);
      ctx.body = {
        mails: rows.map(toJson),
        counts: await countOutbox(db),
        next: nextPageUrl('/api/outbox', next),
      };
    },
    /** `POST /api/outbox/{id}/retry` 204. */
    apiRetry: async (ctx: Context) => {
      await retryMail(db, idOf(ctx), now(), actorOf(ctx));
      ctx.status = 204;
    },
    pageList: async (ctx: Context) => {
      const { rows, next } = await listOutbox(db, readPageRequest(ctx.query));
      ctx.body = renderOutbox({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        mails: rows.map(toRow),
        mailReachesPeople: config.smtp !== undefined,
        notice: noticeOf(ctx),
        nextPage: nextPageUrl('/outbox', next),
      });
    },
    pageRetry: async (ctx: Context) => {
      await retryMail(db, idOf(ctx), now(), actorOf(ctx));
      redirectDone(ctx, '/outbox', 'mail-retried');
    },

    /** `PUT /api/account/notices {fetched}` 204. */
    apiSetNotices: async (ctx: Context) => {
      const { fetched } = await readJson(ctx, noticesInput);
      await setOwnNotices(ctx, fetched);
      ctx.status = 204;
    },
    pageSetNotices: async (ctx: Context) => {
      const { fetched } = await readForm(ctx, noticesForm);
      await setOwnNotices(ctx, fetched === 'on');
      redirectDone(ctx, '/account', 'notices-saved');
    },
    /** `GET /n/{handle}`: a button. Whatever opens links by itself changes nothing. */
    pageOptOut: async (ctx: Context) => {
      await findOptOut(db, String((ctx['params'] as Record<string, string>)['handle']));
      ctx.body = renderOptOut({ assets: assetsOf(ctx), action: ctx.path });
    },
    /** `POST /n/{handle}`: that button, and the one-click of RFC 8058, which needs no page. */
    pageOptOutPost: async (ctx: Context) => {
      await stopNotices(ctx);
      ctx.body = renderOptedOut({ assets: assetsOf(ctx) });
    },
  };
}

function toJson(mail: ListedMail) {
  return {
    id: mail.id,
    kind: mail.kind,
    to: mail.recipient,
    subject: mail.subject,
    linkId: mail.link_id ?? undefined,
    state: mail.state,
    attempts: mail.attempts,
    lastError: mail.last_error ?? undefined,
    nextAttemptAt: mail.state === 'queued' ? mail.next_attempt_at : undefined,
    createdAt: mail.created_at,
    sentAt: mail.sent_at ?? undefined,
  };
}

function toRow(mail: ListedMail) {
  return {
    id: mail.id,
    recipient: mail.recipient,
    subject: mail.subject,
    state: mail.state,
    attempts: mail.attempts,
    lastError: mail.last_error ?? undefined,
    createdAt: mail.created_at,
    sentAt: mail.sent_at ?? undefined,
    nextAttemptAt: mail.next_attempt_at,
  };
}
