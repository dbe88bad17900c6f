// Links over the API, for the route table. What a page does is done by the same functions.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import type { Handler } from '../files/routes.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { idOf } from '../http/path-id.js';
import { check, readJson } from '../http/read-body.js';
import { viewerOf } from '../sessions/require-session.js';
import { changeLink, sendLinkAgain } from './change-link.js';
import { createLinkMaker } from './create-links.js';
import { findOwnLink } from './find-link.js';
import {
  linkChangeInput,
  linkFilter,
  newLinksInput,
  revokeManyInput,
  sendAgainInput,
} from './input.js';
import { listLinks, showLink } from './list-links.js';
import { readTimeline } from './read-timeline.js';
import { revokeLink, revokeLinks } from './revoke-links.js';
import { streamChanges } from './stream-changes.js';
import { entryToJson, linksToCsv, linkToJson, newLinkToJson, timelineToCsv } from './to-json.js';
import type { LinkWatch } from './watch-links.js';

/** Rows of an export; the rest by `after`, as the `Link` header says. */
const CSV_ROWS = 500;

export function createLinkApi(context: AppContext, watch: LinkWatch) {
  const { config, db, now } = context;
  const mailReachesPeople = config.smtp !== undefined;
  const createLinks = createLinkMaker(context);

  async function show(ctx: Context, id = idOf(ctx)) {
    const listed = await showLink(db, accountOf(ctx), id, now());
    const timeline = await readTimeline(context, listed.link, mailReachesPeople);
    return { ...linkToJson(listed), timeline: timeline.map(entryToJson) };
  }

  async function list(ctx: Context, query: Readonly<Record<string, unknown>>) {
    const request = { ...readPageRequest(query), ...check(query, linkFilter) };
    return await listLinks(db, accountOf(ctx), request, now());
  }

  return {
    /**
     * `POST /api/links {fileId | fileIds, to?, copies?, expiresInSeconds?, message?, code?, notify?}` →
     * 201 `{links:[{id,url,to,fileId,expiresAt,code?}]}`; of one alone also its `id`, `url`, `code`.
     */
    create: async (ctx: Context) => {
      const made = await createLinks(
        viewerOf(ctx),
        await readJson(ctx, newLinksInput),
        actorOf(ctx),
      );
      const links = made.map(newLinkToJson);
      ctx.status = 201;
      ctx.body = { ...(links.length === 1 ? links[0] : {}), links };
    },
    /** `GET /api/links[?fileId=&to=&limit=&after=]` → `{links, next?}`, newest first. */
    list: async (ctx: Context) => {
      const { rows, next } = await list(ctx, ctx.query);
      ctx.body = { links: rows.map(linkToJson), next: nextPageUrl('/api/links', next) };
    },
    /** `GET /api/links.csv[?fileId=&to=&after=]`: 500 rows, and a `Link` header to those after. */
    exportList: async (ctx: Context) => {
      const { rows, next } = await list(ctx, { limit: CSV_ROWS, ...ctx.query });
      const nextUrl = nextPageUrl('/api/links.csv', next);
      if (nextUrl !== undefined) ctx.set('Link', `<${nextUrl}>; rel="next"`);
      answerCsv(ctx, 'links.csv', linksToCsv(rows));
    },
    /** `GET /api/links/{id}` → the link with its `timeline`, oldest first. */
    show: async (ctx: Context) => {
      ctx.body = await show(ctx);
    },
    /** `GET /api/links/{id}/timeline.csv`. */
    exportTimeline: async (ctx: Context) => {
      const link = await findOwnLink(db, accountOf(ctx), idOf(ctx));
      const timeline = await readTimeline(context, link, mailReachesPeople);
      answerCsv(ctx, 'timeline.csv', timelineToCsv(timeline));
    },
    /** `GET /api/links/{id}/events`: server-sent events, each `change` with the link as `show` tells it. */
    follow: async (ctx: Context) => {
      const id = idOf(ctx);
      await show(ctx, id);
      streamChanges(ctx, { watch, viewer: viewerOf(ctx), linkId: id, read: () => show(ctx, id) });
    },
    /** `GET /api/links/events`: the same for the list's first page. */
    followList: (ctx: Context) => {
      const read = async () => ({ links: (await list(ctx, {})).rows.map(linkToJson) });
      streamChanges(ctx, { watch, viewer: viewerOf(ctx), read });
    },
    /** `PATCH /api/links/{id} {expiresInSeconds?, copies?, notify?}` → the link. */
    change: async (ctx: Context) => {
      const change = await readJson(ctx, linkChangeInput);
      await changeLink(context, accountOf(ctx), idOf(ctx), change, actorOf(ctx));
      ctx.body = await show(ctx);
    },
    /** `POST /api/links/{id}/send {to?}` → its new address; the old one is replaced. */
    sendAgain: async (ctx: Context) => {
      const { to } = await readJson(ctx, sendAgainInput);
      const made = await sendLinkAgain(context, viewerOf(ctx), idOf(ctx), to, actorOf(ctx));
      ctx.body = newLinkToJson(made);
    },
    /** `DELETE /api/links/{id}` → 204. */
    revoke: async (ctx: Context) => {
      await revokeLink(context, accountOf(ctx), idOf(ctx), actorOf(ctx));
      ctx.status = 204;
    },
    /** `DELETE /api/links?fileId=` or `?to=` → `{revoked}`, how many. */
    revokeMany: async (ctx: Context) => {
      const group = check(ctx.query, revokeManyInput);
      const by = actorOf(ctx);
      ctx.body = { revoked: await revokeLinks(context, accountOf(ctx), group, by) };
    },
  } satisfies Record<string, Handler>;
}

const accountOf = (ctx: Context) => viewerOf(ctx).account.id;

function answerCsv(ctx: Context, name: string, text: string): void {
  ctx.set('Content-Disposition', `attachment; filename="${name}"`);
  ctx.type = 'text/csv; charset=utf-8';
  ctx.body = text;
}
