// Sessions over HTTP: which devices are signed in, and ending them.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { IdentityContext } from '../context.js';
import { idOf } from '../http/path-id.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { renderDevices } from '../pages/index.js';
import { sessionOf } from './load-session.js';
import { viewerOf } from './require-session.js';
import { clearSessionCookie } from './session-cookie.js';
import { endOtherSessions, endSession } from './session-life.js';
import type { Session } from './session-store.js';
import { Refused } from '../http/problems.js';

export function createSessionRoutes(context: IdentityContext) {
  const { sessions, now } = context;

  /** The viewer's sessions, the most recently used first. There are at most MAX_SESSIONS. */
  async function listOwn(ctx: Context) {
    const { account, sessionReference } = viewerOf(ctx);
    const own = await sessions.list(account.id, now());
    return own
      .toSorted((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
      .map((session) => ({
        id: session.reference,
        current: session.reference === sessionReference,
        userAgent: session.userAgent,
        address: session.address,
        createdAt: new Date(session.createdAtMs),
        lastSeenAt: new Date(session.lastSeenAtMs),
      }));
  }

  /** Ends the session that the path names; true when it was the viewer's own. */
  async function endNamed(ctx: Context): Promise<boolean> {
    const { account, sessionReference } = viewerOf(ctx);
    const reference = idOf(ctx);
    await endSession(context, account.id, reference, actorOf(ctx));
    if (reference !== sessionReference) return false;
    clearSessionCookie(ctx);
    return true;
  }

  return {
    /** `GET /api/session`: who is signed in, and in which session. */
    apiShow: (ctx: Context) => {
      const { account } = viewerOf(ctx);
      const { reference, createdAtMs, lastSeenAtMs } = currentSession(ctx);
      ctx.body = {
        account: { id: account.id, email: account.email, role: account.role },
        session: {
          id: reference,
          createdAt: new Date(createdAtMs),
          lastSeenAt: new Date(lastSeenAtMs),
        },
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
      await endOtherSessions(context, currentSession(ctx), { ...actorOf(ctx), why: 'ended' });
      ctx.status = 204;
    },
    pageList: async (ctx: Context) => {
      ctx.body = renderDevices({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        sessions: await listOwn(ctx),
        notice: noticeOf(ctx),
      });
    },
    pageEnd: async (ctx: Context) => {
      if (await endNamed(ctx)) redirectDone(ctx, '/sign-in', 'signed-out');
      else redirectDone(ctx, '/devices', 'ended');
    },
    pageEndOthers: async (ctx: Context) => {
      await endOtherSessions(context, currentSession(ctx), { ...actorOf(ctx), why: 'ended' });
      redirectDone(ctx, '/devices', 'ended-others');
    },
  };
}

/** @throws Refused `not-signed-in`. */
export function currentSession(ctx: Context): Session {
  const session = sessionOf(ctx);
  if (session === undefined) throw new Refused('not-signed-in');
  return session;
}
