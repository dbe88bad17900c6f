// Sessions over HTTP: which devices are signed in or remembered, and ending them.
import type { Context } from 'koa';
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { idOf } from '../http/path-id.js';
import { Refused } from '../http/problems.js';
import { renderDevices } from '../pages/index.js';
import { currentSession } from './current-session.js';
import { describeBrowser, describeSession } from './describe-session.js';
import { endAllSessions, endOtherSessions, endSession, type EndedBy } from './end-sessions.js';
import { clearRememberCookie } from './remember-cookie.js';
import { forgetBrowsers, listBrowsers } from './remembered-browsers.js';
import { viewerOf } from './require-session.js';
import { clearSessionCookie } from './session-cookie.js';

export function createSessionRoutes(context: IdentityContext) {
  const { db, sessions, placeOf, now } = context;

  /** The viewer's sessions, the most recently used first. There are at most MAX_SESSIONS. */
  async function listOwn(ctx: Context) {
    const { account, sessionReference } = viewerOf(ctx);
    const own = await sessions.list(account.id, now());
    return own
      .toSorted((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
      .map((session) => describeSession(session, sessionReference, placeOf));
  }

  async function listRemembered(ctx: Context) {
    const { rememberedId } = currentSession(ctx);
    const browsers = await listBrowsers(db, viewerOf(ctx).account.id, now());
    return browsers.map((browser) => describeBrowser(browser, rememberedId, placeOf));
  }

  /** Ends the session that the path names; true when it was the viewer's own. */
  async function endNamed(ctx: Context): Promise<boolean> {
    const { account, sessionReference } = viewerOf(ctx);
    const reference = idOf(ctx);
    await endSession(context, account.id, reference, by(ctx, 'ended'));
    if (reference !== sessionReference) return false;
    clearSessionCookie(ctx);
    clearRememberCookie(ctx);
    return true;
  }

  const endOthers = (ctx: Context) =>
    endOtherSessions(context, currentSession(ctx), by(ctx, 'ended-others'));

  /** Forgets one of the viewer's browsers, or all. Their sessions go on, until they end like any other. */
  async function forget(ctx: Context, id?: string): Promise<void> {
    const actorId = viewerOf(ctx).account.id;
    const which = id === undefined ? {} : { id };
    const forgotten = await db.transaction().execute(async (transaction) => {
      const ids = await forgetBrowsers(transaction, { account: actorId, ...which });
      for (const each of ids) {
        const fact = { action: 'browser.forgotten', actorId, accountId: actorId } as const;
        const subject = `browser:${each}`;
        await recordAudit(transaction, { ...fact, subject, address: ctx.ip }, now());
      }
      return ids;
    });
    if (id !== undefined && forgotten.length === 0) throw new Refused('not-found');
    const { rememberedId } = currentSession(ctx);
    if (rememberedId !== null && forgotten.includes(rememberedId)) clearRememberCookie(ctx);
  }

  async function endOfAccount(ctx: Context): Promise<void> {
    const id = idOf(ctx);
    const account = await db
      .selectFrom('account')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    if (account === undefined) throw new Refused('not-found');
    await endAllSessions(context, id, by(ctx, 'ended-by-admin'));
  }

  /** The notice of a theft has been read. */
  async function dismissTheft(ctx: Context): Promise<void> {
    const { id } = viewerOf(ctx).account;
    await db.updateTable('account').set({ theft_at: null }).where('id', '=', id).execute();
  }

  return {
    /** `GET /api/session`: who is signed in, and in which session. */
    apiShow: (ctx: Context) => {
      const { account } = viewerOf(ctx);
      const { reference, createdAtMs, lastSeenAtMs, method, provenAtMs } = currentSession(ctx);
      ctx.body = {
        account: { id: account.id, email: account.email, role: account.role },
        session: {
          id: reference,
          createdAt: new Date(createdAtMs),
          lastSeenAt: new Date(lastSeenAtMs),
          method,
          provenAt: provenAtMs === 0 ? null : new Date(provenAtMs),
        },
        secretStolenAt: account.theft_at,
      };
    },
    /** `GET /api/sessions`. */
    apiList: async (ctx: Context) => {
      ctx.body = { sessions: await listOwn(ctx) };
    },
    /** `DELETE /api/sessions/{id}` 204. */
    apiEnd: async (ctx: Context) => {
      await endNamed(ctx);
      ctx.status = 204;
    },
    /** `DELETE /api/sessions` 204: all but this one. */
    apiEndOthers: async (ctx: Context) => {
      await endOthers(ctx);
      ctx.status = 204;
    },
    /** `DELETE /api/accounts/{id}/sessions` 204: an administrator signs somebody out everywhere. */
    apiEndOfAccount: async (ctx: Context) => {
      await endOfAccount(ctx);
      ctx.status = 204;
    },
    /** `GET /api/remembered-browsers`. */
    apiListRemembered: async (ctx: Context) => {
      ctx.body = { browsers: await listRemembered(ctx) };
    },
    /** `DELETE /api/remembered-browsers/{id}` 204. */
    apiForget: async (ctx: Context) => {
      await forget(ctx, idOf(ctx));
      ctx.status = 204;
    },
    /** `DELETE /api/remembered-browsers` 204. */
    apiForgetAll: async (ctx: Context) => {
      await forget(ctx);
      ctx.status = 204;
    },
    /** `DELETE /api/account/theft-notice` 204: it has been read. */
    apiDismissTheft: async (ctx: Context) => {
      await dismissTheft(ctx);
      ctx.status = 204;
    },
    pageEndOfAccount: async (ctx: Context) => {
      await endOfAccount(ctx);
      redirectDone(ctx, '/accounts', 'account-signed-out');
    },
    pageList: async (ctx: Context) => {
      ctx.body = renderDevices({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        sessions: await listOwn(ctx),
        remembered: await listRemembered(ctx),
        notice: noticeOf(ctx),
      });
    },
    pageEnd: async (ctx: Context) => {
      if (await endNamed(ctx)) redirectDone(ctx, '/sign-in', 'signed-out');
      else redirectDone(ctx, '/devices', 'ended');
    },
    pageEndOthers: async (ctx: Context) => {
      await endOthers(ctx);
      redirectDone(ctx, '/devices', 'ended-others');
    },
    pageForget: async (ctx: Context) => {
      await forget(ctx, idOf(ctx));
      redirectDone(ctx, '/devices', 'forgotten');
    },
    pageForgetAll: async (ctx: Context) => {
      await forget(ctx);
      redirectDone(ctx, '/devices', 'forgotten');
    },
    pageDismissTheft: async (ctx: Context) => {
      await dismissTheft(ctx);
      redirectDone(ctx, '/devices', 'notices-saved');
    },
  };
}

/** The viewer ends them. */
function by(ctx: Context, reason: EndedBy['reason']): EndedBy {
  return { actorId: viewerOf(ctx).account.id, address: ctx.ip, reason };
}
