// A cookie that tells browsers apart, for links with several copies only: so that the next person gets
// the next copy, and the same one goes on with theirs. A hint: everything works when it does not come back.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { KeyedDigest } from './link-secret.js';

const NAME = 'claimcheck-link';
const LIFE_SECONDS = 90 * 24 * 60 * 60;
const VALUE = /^[A-Za-z0-9_-]{22}$/;

/** Gives the browser one, unless it brings one. Changes nothing on our side. */
export function offerBrowserCookie(ctx: Context): void {
  if (valueOf(ctx) !== undefined) return;
  const value = randomBytes(16).toString('base64url');
  ctx.append(
    'Set-Cookie',
    `${NAME}=${value}; Path=/l; Max-Age=${LIFE_SECONDS}; Secure; HttpOnly; SameSite=Lax`,
  );
}

/** What is stored of it: different for each link, so that nobody's links can be joined by it. */
export function browserOf(ctx: Context, digest: KeyedDigest, linkId: string): string | undefined {
  const value = valueOf(ctx);
  return value === undefined ? undefined : digest('browser', linkId, value);
}

function valueOf(ctx: Context): string | undefined {
  const value = ctx.cookies.get(NAME);
  return value !== undefined && VALUE.test(value) ? value : undefined;
}
