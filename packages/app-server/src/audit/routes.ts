// The audit trail over HTTP: all of it for administrators, to be narrowed down and exported; for everybody
// what is about their own account.
import type { Context } from 'koa';
import type { AppContext } from '../context.js';
import type { Handler } from '../files/routes.js';
import { assetsOf } from '../http/assets.js';
import { readPageRequest } from '../http/list-page.js';
import { check } from '../http/read-body.js';
import { renderActivity, renderAudit } from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { actorOf } from './actor-of.js';
import { exportAudit } from './export-audit.js';
import { auditFilter, filterQuery } from './input.js';
import { listAudit } from './list-audit.js';
import { recordAudit } from './record-audit.js';
import { ownEntry } from './to-json.js';

export function createAuditRoutes({ db, log, now }: AppContext) {
  /** The page that the query asks for, and the address of the next one. */
  async function list(ctx: Context, path: string) {
    const kept = filterQuery(ctx.query);
    const filter = check(Object.fromEntries(kept), auditFilter);
    const { rows, next } = await listAudit(db, { ...readPageRequest(ctx.query), ...filter });
    return { entries: rows, kept, next: nextUrl(path, kept, next) };
  }

  async function listOwn(ctx: Context, path: string) {
    const { id } = viewerOf(ctx).account;
    const request = readPageRequest(ctx.query);
    const { rows, next } = await listAudit(db, { ...request, account: { id } });
    const entries = rows.map((entry) => ownEntry(entry, id));
    return { entries, next: nextUrl(path, new URLSearchParams(), next) };
  }

  return {
    /** `GET /api/audit[?action=&actor=&account=&subject=&address=&from=&to=&limit=&after=]`. */
    apiList: async (ctx: Context) => {
      const { entries, next } = await list(ctx, '/api/audit');
      ctx.body = { entries, next };
    },
    /** `GET /api/audit.csv` and `/audit/export.csv`, with the same filters: all of it, streamed. */
    exportAll: async (ctx: Context) => {
      const kept = filterQuery(ctx.query);
      const filter = check(Object.fromEntries(kept), auditFilter);
      const details = { filter: kept.toString() };
      await recordAudit(db, { ...actorOf(ctx), action: 'audit.exported', details }, now());
      const body = exportAudit(db, filter);
      body.once('error', (error) => {
        log.error({ err: error }, 'an export of the audit trail broke off');
        // A short file must not look like a whole one.
        ctx.res.destroy();
      });
      ctx.set('Content-Disposition', 'attachment; filename="audit.csv"');
      ctx.type = 'text/csv; charset=utf-8';
      ctx.body = body;
    },
    /** `GET /api/account/audit[?limit=&after=]`: what is about one's own account. */
    apiListOwn: async (ctx: Context) => {
      ctx.body = await listOwn(ctx, '/api/account/audit');
    },
    /** `GET /audit`. */
    pageList: async (ctx: Context) => {
      const { entries, kept, next } = await list(ctx, '/audit');
      const query = kept.toString();
      ctx.body = renderAudit({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        entries,
        filter: Object.fromEntries(kept),
        exportUrl: `/audit/export.csv${query === '' ? '' : `?${query}`}`,
        nextPage: next,
      });
    },
    /** `GET /account/activity`. */
    pageOwn: async (ctx: Context) => {
      const { entries, next } = await listOwn(ctx, '/account/activity');
      const viewer = viewerOf(ctx).account;
      ctx.body = renderActivity({ assets: assetsOf(ctx), viewer, entries, nextPage: next });
    },
  } satisfies Record<string, Handler>;
}

function nextUrl(path: string, kept: URLSearchParams, next: string | undefined) {
  if (next === undefined) return undefined;
  const query = new URLSearchParams(kept);
  query.set('after', next);
  return `${path}?${query}`;
}
