// Making room over HTTP: which devices an account is signed in on, for somebody whose sign-in waits because they
// are too many; ending one of them lets it go on.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { readForm, readJson } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { renderMakeRoom } from '../pages/index.js';
import { describeSession } from '../sessions/describe-session.js';
import { endSession } from '../sessions/end-sessions.js';
import { makeRoomInput } from '../sessions/input.js';
import { completeSignIn } from './complete-sign-in.js';
import { endWaiting, findWaiting } from './waiting-sign-in.js';

export function createMakeRoomRoutes(context: IdentityContext) {
  const { sessions, placeOf, now } = context;

  async function list(ctx: Context) {
    const { account } = await findWaiting(ctx, context);
    const own = await sessions.list(account.id, now());
    return own
      .toSorted((a, b) => a.lastSeenAtMs - b.lastSeenAtMs)
      .map((session) => describeSession(session, undefined, placeOf));
  }

  async function makeRoom(ctx: Context, reference: string): Promise<void> {
    const proven = await findWaiting(ctx, context);
    const by = { actorId: proven.account.id, address: ctx.ip, reason: 'ended' } as const;
    await endSession(context, proven.account.id, reference, by);
    await completeSignIn(ctx, context, proven);
    await endWaiting(ctx, context);
  }

  return {
    /** `GET /api/session/waiting`: the sessions, the least recently used first. */
    apiList: async (ctx: Context) => {
      ctx.body = { sessions: await list(ctx) };
    },
    /** `POST /api/session/waiting {end}` 204 and the session cookie. */
    apiMakeRoom: async (ctx: Context) => {
      await makeRoom(ctx, (await readJson(ctx, makeRoomInput)).end);
      ctx.status = 204;
    },
    pageList: async (ctx: Context) => {
      ctx.body = renderMakeRoom({ assets: assetsOf(ctx), sessions: await list(ctx) });
    },
    pageMakeRoom: async (ctx: Context) => {
      await makeRoom(ctx, (await readForm(ctx, makeRoomInput)).end);
      redirectTo(ctx, '/files');
    },
  };
}
