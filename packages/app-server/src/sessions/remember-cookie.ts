// The cookie of a remembered browser: selector and secret. It outlives the browser's closing, which the session's
// does not, and is set anew at each use with what is left of its life.
import type { Context } from 'koa';
import type { RememberToken } from './remembered-browsers.js';
import { appendCookie } from './session-cookie.js';

export const REMEMBER_COOKIE = '__Host-claimcheck-remember';

/** 128 and 256 bits, base64url. */
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

export function setRememberCookie(
  ctx: Context,
  { selector, secret }: RememberToken,
  lifeMs: number,
): void {
  appendCookie(ctx, REMEMBER_COOKIE, `${selector}.${secret}`, Math.floor(lifeMs / 1000));
}

/** Takes it away, where the browser has one. */
export function clearRememberCookie(ctx: Context): void {
  if (ctx.cookies.get(REMEMBER_COOKIE) === undefined) return;
  appendCookie(ctx, REMEMBER_COOKIE, '', 0);
}

/** What the cookie holds, when it is what we could have set. */
export function readRememberCookie(ctx: Context): RememberToken | undefined {
  const [, selector, secret] = TOKEN.exec(ctx.cookies.get(REMEMBER_COOKIE) ?? '') ?? [];
  return selector === undefined || secret === undefined ? undefined : { selector, secret };
}
