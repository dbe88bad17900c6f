// A remembered browser comes back without a session: it gets one, and a new secret. An old secret means that
// somebody else has its cookie: then all that this browser's secrets ever began is ended, and its owner is told.
import type { Context, Next } from 'koa';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { redirectTo } from '../http/redirect-to.js';
import { sessionOf } from '../sessions/load-session.js';
import {
  clearRememberCookie,
  readRememberCookie,
  setRememberCookie,
} from '../sessions/remember-cookie.js';
import { presentToken, type RememberedBrowser } from '../sessions/remembered-browsers.js';
import { DEVICE_COOKIE, readIdCookie } from '../sessions/session-cookie.js';
import { hashOfId } from '../sessions/session-store.js';
import { completeSignIn } from './complete-sign-in.js';
import { reportTheft } from './report-theft.js';

/**
 * Middleware behind `loadSession`, in front of what needs somebody. A page is asked for once more with the new
 * cookies: that shows at once that they have arrived. Refuses with `coming-back` a request that was under
 * way while another one of its browser came first.
 */
export function createComeBack(context: IdentityContext) {
  const { db, now } = context;

  return async function comeBack(ctx: Context, next: Next): Promise<void> {
    const token = sessionOf(ctx) === undefined ? readRememberCookie(ctx) : undefined;
    if (token === undefined) return await next();
    const deviceId = readIdCookie(ctx, DEVICE_COOKIE);
    const deviceHash = deviceId && hashOfId(deviceId);
    const presented = await presentToken(db, token, { deviceHash, nowMs: now() });
    if (presented.is === 'just-replaced') throw new Refused('coming-back');
    if (presented.is === 'good') {
      const { browser } = presented;
      // Before anything can fail: with the answer the browser must get what replaced its secret.
      setRememberCookie(ctx, presented.token, browser.expires_at.getTime() - now());
      if (await begin(ctx, browser)) {
        if (ctx.method === 'GET' && !ctx.path.startsWith('/api/')) return redirectTo(ctx, ctx.url);
        return await next();
      }
    }
    if (presented.is === 'stolen') await reportTheft(context, presented.browser, ctx.ip);
    clearRememberCookie(ctx);
    await next();
  };

  /** False when the account is not there any more, or the browser was forgotten just now. */
  async function begin(ctx: Context, browser: RememberedBrowser): Promise<boolean> {
    const account = await db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', browser.account_id)
      .where('disabled_at', 'is', null)
      .executeTakeFirst();
    if (account === undefined) return false;
    try {
      const proven = { account, method: 'remembered', rememberedId: browser.id } as const;
      await completeSignIn(ctx, context, proven);
      return true;
    } catch (error) {
      if (error instanceof Refused && error.code === 'wrong-credentials') return false;
      throw error;
    }
  }
}
