// Sending a browser on: 303, so that what follows a form is a GET (RFC 9110 section 15.4.4).
import type { Context } from 'koa';

/** @param location a path of ours or a URL of the download servers, never something a client chose. */
export function redirectTo(ctx: Context, location: string): void {
  ctx.status = 303;
  ctx.set('Location', location);
  ctx.body = '';
}
