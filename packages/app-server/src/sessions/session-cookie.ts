// The cookies of a session and of a device. Written by hand, because Koa's cookie library refuses `Secure` over plain HTTP,
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
  appendCookie(ctx, SESSION_COOKIE, id);
}

export function clearSessionCookie(ctx: Context): void {
  appendCookie(ctx, SESSION_COOKIE, '', 0);
}

export function setDeviceCookie(ctx: Context, id: string): void {
  appendCookie(ctx, DEVICE_COOKIE, id, DEVICE_LIFE_SECONDS);
}

/** Sets a cookie of ours; until the browser is closed when no life is given. A life of 0 takes it away. */
export function appendCookie(
  ctx: Context,
  name: `__Host-claimcheck${string}`,
  value: string,
  lifeSeconds?: number,
): void {
  const life = lifeSeconds === undefined ? '' : `Max-Age=${lifeSeconds}; `;
  ctx.append('Set-Cookie', `${name}=${value}; ${life}${ATTRIBUTES}`);
}

/** The cookie's value when it is one that we could have set. */
export function readIdCookie(ctx: Context, name: `__Host-claimcheck${string}`): string | undefined {
  const value = ctx.cookies.get(name);
  return value !== undefined && RANDOM_256.test(value) ? value : undefined;
}

/** Cookies by which a request can act as somebody. The device cookie is none of them. */
const ACTING_COOKIES = [
  SESSION_COOKIE,
  PENDING_COOKIE,
  '__Host-claimcheck-remember',
  '__Host-claimcheck-waiting',
] as const;

/** True when the browser sent a cookie that a foreign page could be riding on, whatever is in it. */
export function bringsSessionCookie(ctx: Context): boolean {
  return ACTING_COOKIES.some((name) => ctx.cookies.get(name) !== undefined);
}
