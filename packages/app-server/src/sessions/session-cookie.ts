// The two cookies. Written by hand, because Koa's cookie library refuses `Secure` over plain HTTP,
// while browsers accept it on http://localhost, and `__Host-` requires it. That prefix binds a cookie
// to this very host and path `/`, so that no sibling domain can plant one (RFC 6265bis section 4.1.3).
import type { Context } from 'koa';

export const SESSION_COOKIE = '__Host-claimcheck';
export const DEVICE_COOKIE = '__Host-claimcheck-device';
/** Of a sign-in that waits for its second factor (`factors/pending-sign-in.ts`). */
export const PENDING_COOKIE = '__Host-claimcheck-pending';

/** RFC 6265bis section 5.5: browsers cap the life of a cookie at 400 days. */
const DEVICE_LIFE_SECONDS = 400 * 24 * 60 * 60;
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';
const RANDOM_256 = /^[A-Za-z0-9_-]{43}$/;

/** Until the browser is closed: staying signed in longer than that is asked for separately. */
export function setSessionCookie(ctx: Context, id: string): void {
  ctx.append('Set-Cookie', `${SESSION_COOKIE}=${id}; ${ATTRIBUTES}`);
}

export function clearSessionCookie(ctx: Context): void {
  ctx.append('Set-Cookie', `${SESSION_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`);
}

export function setDeviceCookie(ctx: Context, id: string): void {
  ctx.append('Set-Cookie', `${DEVICE_COOKIE}=${id}; Max-Age=${DEVICE_LIFE_SECONDS}; ${ATTRIBUTES}`);
}

/** The cookie's value when it is one that we could have set. */
export function readIdCookie(
  ctx: Context,
  name: typeof SESSION_COOKIE | typeof DEVICE_COOKIE,
): string | undefined {
  const value = ctx.cookies.get(name);
  return value !== undefined && RANDOM_256.test(value) ? value : undefined;
}

/** True when the browser sent the cookie of a session, or of a sign-in under way, whatever is in it. */
export function bringsSessionCookie(ctx: Context): boolean {
  return [SESSION_COOKIE, PENDING_COOKIE].some((name) => ctx.cookies.get(name) !== undefined);
}
