// How a sign-in is answered, by whichever way: with what has been begun, a session or the wait for a second
// factor. The cookies are set already.
import type { Context } from 'koa';
import { redirectTo } from '../http/redirect-to.js';
import type { SignInOutcome } from './complete-sign-in.js';

/** API: 204 with the session cookie, or 202 `{factors, expiresAt}` with the pending one. */
export function answerSignIn(ctx: Context, outcome: SignInOutcome): void {
  if (outcome.state === 'signed-in') {
    ctx.status = 204;
    return;
  }
  const { factors, expiresAt } = outcome;
  ctx.status = 202;
  ctx.body = { factors, expiresAt };
}

/** Pages: on to `next`, a path of ours, or to the page that asks for the second factor and keeps it. */
export function goOnAfterSignIn(ctx: Context, outcome: SignInOutcome, next?: string): void {
  if (outcome.state === 'signed-in') return redirectTo(ctx, next ?? '/files');
  redirectTo(ctx, `/sign-in/second-factor${queryOf(next)}`);
}

/** `?next=…`, or nothing. */
export function queryOf(next: string | undefined): string {
  return next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
}
