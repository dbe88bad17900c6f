// The pages about links, for the route table. What they do is done by the same functions as the API.
import type { Context } from 'koa';
import { z } from 'zod';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import type { Handler } from '../files/routes.js';
import { listFiles } from '../files/own-files.js';
import { assetsOf } from '../http/assets.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { idOf } from '../http/path-id.js';
import { check, readForm } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderLink, renderLinks, renderMadeLinks, renderNewLinks } from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { changeLink, sendLinkAgain } from './change-link.js';
import { createLinkMaker, type NewLink } from './create-links.js';
import { findOwnLink } from './find-link.js';
import {
  MAX_COPIES,
  MAX_MESSAGE,
  newLinksForm,
  recipient,
  revokeManyInput,
  type LinkChange,
} from './input.js';
import { listLinks, showLink, type ListedLink } from './list-links.js';
import { readTimeline } from './read-timeline.js';
import { revokeLink, revokeLinks } from './revoke-links.js';

/** The newest files are offered; a link to an older one is made from the files page. */
const FILES_OFFERED = 50;
const DAY_SECONDS = 24 * 60 * 60;

const extendForm = z.object({
  days: z.enum(['1', '7', '14', '30', '90'], { error: 'choose one of the list' }),
});
const notifyForm = z.object({ notify: z.enum(['yes', 'no']) });
const sendForm = z.object({
  to: z
    .string()
    .trim()
    .transform((text) => (text === '' ? undefined : text))
    .pipe(recipient.optional()),
});

export function createLinkPages(context: AppContext) {
  const { config, db, now } = context;
  const mailReachesPeople = config.smtp !== undefined;
  const createLinks = createLinkMaker(context);

  async function showForm(ctx: Context, error?: string): Promise<void> {
    const viewer = viewerOf(ctx);
    const { rows } = await listFiles(db, viewer.account.id, {
      limit: FILES_OFFERED,
      after: undefined,
    });
    const wanted = ctx.query['file'];
    const typed = (ctx.request.body as { fileId?: unknown } | undefined)?.fileId;
    const chosen = [wanted, typed].flat().filter((id) => typeof id === 'string');
    const files = [...rows, ...(await otherFiles(chosen, rows))];
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = renderNewLinks({
      ...frameOf(ctx),
      files: files.map(({ id, name, size_bytes }) => ({ id, name, sizeBytes: size_bytes })),
      chosen,
      maxMessage: MAX_MESSAGE,
      noticesWanted: viewer.account.fetched_notices,
      error,
      form:
        error === undefined
          ? undefined
          : { to: typedText(ctx, 'to'), message: typedText(ctx, 'message') },
    });

    async function otherFiles(ids: readonly string[], shown: readonly { id: string }[]) {
      const missing = ids.filter((id) => !shown.some((file) => file.id === id));
      if (missing.length === 0) return [];
      return await db
        .selectFrom('file')
        .selectAll()
        .where('owner_id', '=', viewer.account.id)
        .where('id', 'in', missing)
        .execute();
    }
  }

  async function showOne(ctx: Context, error?: string): Promise<void> {
    const listed = await showLink(db, accountOf(ctx), idOf(ctx), now());
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = renderLink({
      ...frameOf(ctx),
      link: toRow(listed),
      timeline: await readTimeline(context, listed.link, mailReachesPeople),
      noticesWanted: viewerOf(ctx).account.fetched_notices,
      notice: error === undefined ? noticeOf(ctx) : undefined,
      error,
    });
  }

  async function change(ctx: Context, wanted: LinkChange): Promise<void> {
    await changeLink(context, accountOf(ctx), idOf(ctx), wanted, actorOf(ctx));
  }

  /** Does it and shows the link again, or shows it with the reason why not. */
  async function changeOrExplain(ctx: Context, act: () => Promise<unknown>): Promise<void> {
    const error = await pageRefusal(ctx, act);
    if (error === undefined) redirectDone(ctx, `/links/${idOf(ctx)}`, 'link-changed');
    else await showOne(ctx, error);
  }

  return {
    /** `GET /links`. */
    list: async (ctx: Context) => {
      const request = { ...readPageRequest(ctx.query) };
      const { rows, next } = await listLinks(db, accountOf(ctx), request, now());
      ctx.type = 'text/html; charset=utf-8';
      ctx.body = renderLinks({
        ...frameOf(ctx),
        links: rows.map(toRow),
        notice: noticeOf(ctx),
        nextPage: nextPageUrl('/links', next),
      });
    },
    /** `GET /links/new[?file=ID]`. */
    form: (ctx: Context) => showForm(ctx),
    /** `POST /links` → a page with the addresses, which are shown this once. */
    create: async (ctx: Context) => {
      let made: NewLink[] = [];
      const error = await pageRefusal(ctx, async () => {
        const wish = await readForm(ctx, newLinksForm);
        made = await createLinks(viewerOf(ctx), wish, actorOf(ctx));
      });
      if (error === undefined) showMade(ctx, made);
      else await showForm(ctx, error);
    },
    /** `GET /links/{id}`. */
    show: (ctx: Context) => showOne(ctx),
    /** `POST /links/{id}/extend`. */
    extend: async (ctx: Context) => {
      await changeOrExplain(ctx, async () => {
        const { days } = await readForm(ctx, extendForm);
        const expiresInSeconds = Number(days) * DAY_SECONDS;
        await change(ctx, { expiresInSeconds });
      });
    },
    /** `POST /links/{id}/allow`: one more copy. */
    allow: async (ctx: Context) => {
      await changeOrExplain(ctx, async () => {
        const { copies } = await findOwnLink(db, accountOf(ctx), idOf(ctx));
        const more = Math.min(copies + 1, MAX_COPIES);
        await change(ctx, { copies: more });
      });
    },
    /** `POST /links/{id}/notify`: whether a mail comes when it has been fetched. */
    notify: async (ctx: Context) => {
      await changeOrExplain(ctx, async () => {
        const { notify } = await readForm(ctx, notifyForm);
        await change(ctx, { notify: notify === 'yes' });
      });
    },
    /** `POST /links/{id}/send` → a page with the new address. */
    sendAgain: async (ctx: Context) => {
      let made: NewLink | undefined;
      const error = await pageRefusal(ctx, async () => {
        const { to } = await readForm(ctx, sendForm);
        made = await sendLinkAgain(context, viewerOf(ctx), idOf(ctx), to, actorOf(ctx));
      });
      if (made === undefined) await showOne(ctx, error);
      else showMade(ctx, [made]);
    },
    /** `POST /links/{id}/revoke`. */
    revoke: async (ctx: Context) => {
      await revokeLink(context, accountOf(ctx), idOf(ctx), actorOf(ctx));
      redirectDone(ctx, `/links/${idOf(ctx)}`, 'link-revoked');
    },
    /** `POST /links/revoke-all?fileId=` or `?to=`. */
    revokeMany: async (ctx: Context) => {
      await revokeLinks(context, accountOf(ctx), check(ctx.query, revokeManyInput), actorOf(ctx));
      redirectDone(ctx, '/links', 'links-revoked');
    },
  } satisfies Record<string, Handler>;
}

const accountOf = (ctx: Context) => viewerOf(ctx).account.id;
const frameOf = (ctx: Context) => ({ assets: assetsOf(ctx), viewer: viewerOf(ctx).account });

function showMade(ctx: Context, made: readonly NewLink[]): void {
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = renderMadeLinks({
    ...frameOf(ctx),
    links: made.map(({ link, url, code }) => ({
      id: link.id,
      url,
      fileName: link.file_name,
      recipient: link.recipient,
      code,
      expiresAt: link.expires_at,
    })),
  });
}

function toRow({ link, state, count, mail }: ListedLink) {
  return {
    id: link.id,
    fileId: link.file_id,
    fileName: link.file_name,
    sizeBytes: link.size_bytes,
    recipient: link.recipient,
    message: link.message,
    copies: link.copies,
    copiesUsed: count.used,
    copiesFinished: count.finished,
    bytesSent: count.bytesSent,
    needsCode: link.code_hash !== null,
    notify: link.notify,
    state,
    createdAt: link.created_at,
    expiresAt: link.expires_at,
    lastFinishedAt: count.lastFinishedAt,
    mail: mail && { state: mail.state, error: mail.error },
  };
}
