// Whatever goes wrong ends here, first in the chain behind the request log: a refusal becomes its
// problem or page, an outage a 503, and anything else a 500 of which only the log knows more. Headers
// that were set before (security headers, Allow) stay, which Koa's own error answer would drop.
import { sendProblem, logFields, requestIdOf } from '@claimcheck/shared/http';
import { LedgerUnavailableError, UnsuitableRedisError } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import type { Problem } from '@claimcheck/shared/problems';
import type { Context, Next } from 'koa';
import type { SignedIn } from '../context.js';
import { DatabaseUnavailableError } from '../database/database-unavailable-error.js';
import { renderProblem } from '../pages/index.js';
import { SessionsUnavailableError } from '../sessions/session-store.js';
import { assetsOf } from './assets.js';
import { localPath } from './local-path.js';
import type { Done } from './notices.js';
import { APP_PROBLEMS, Refused, type AppRefusal } from './problems.js';
import { redirectTo } from './redirect-to.js';

/** Middleware: answers for everything behind it that throws or finds nothing. */
export function handleErrors(log: Logger) {
  return async function catchErrors(ctx: Context, next: Next): Promise<void> {
    try {
      await next();
      if (ctx.respond === false || ctx.headerSent || ctx.body !== undefined) return;
      if (ctx.status === 404) refuse(ctx, new Refused('not-found'));
      else if (ctx.status === 405 || ctx.status === 501) {
        refuse(ctx, new Refused('method-not-allowed'));
      }
    } catch (error) {
      const refused = toRefused(error);
      logFields(ctx, { refusal: refused.code });
      if (APP_PROBLEMS[refused.code].status >= 500) {
        log.error({ err: error, requestId: requestIdOf(ctx) }, 'request failed');
      }
      if (ctx.headerSent) {
        // Part of an answer is out: cutting the connection is the only honest end for it.
        ctx.res.destroy();
        return;
      }
      refuse(ctx, refused);
    }
  };
}

/** The refusal that an error amounts to. */
export function toRefused(error: unknown): Refused {
  if (error instanceof Refused) return error;
  const options = { cause: error };
  if (error instanceof LedgerUnavailableError || error instanceof UnsuitableRedisError) {
    return new Refused('ledger-unavailable', undefined, options);
  }
  if (error instanceof DatabaseUnavailableError) {
    return new Refused('database-unavailable', undefined, options);
  }
  if (error instanceof SessionsUnavailableError) {
    return new Refused('sessions-unavailable', undefined, options);
  }
  return new Refused('internal-error', undefined, options);
}

function refuse(ctx: Context, refused: Refused): void {
  if (!ctx.path.startsWith('/api/') && redirectToEntry(ctx, refused)) return;
  const problem: Problem = APP_PROBLEMS[refused.code];
  const { retryAfterSeconds = problem.retryAfterSeconds } = refused;
  // A browser that asks again by itself has its new cookies by then.
  if (refused.code === 'coming-back' && ctx.method === 'GET') ctx.set('Refresh', '1');
  const viewer = ctx.state['viewer'] as SignedIn | undefined;
  sendProblem(
    ctx,
    refused.code,
    retryAfterSeconds === undefined ? problem : { ...problem, retryAfterSeconds },
    ({ code, problem: { status, title, advice }, detail, requestId }) =>
      renderProblem({
        assets: assetsOf(ctx),
        viewer: viewer?.account,
        code,
        status,
        title,
        advice: detail ?? advice,
        requestId,
      }),
    refused.detail,
  );
}

/** Pages send people to where they can go on; the API only says what is missing. */
function redirectToEntry(ctx: Context, { code }: Refused): boolean {
  const entry = entryFor(ctx, code);
  if (entry === undefined) return false;
  redirectTo(ctx, entry);
  ctx.set('Cache-Control', 'no-store');
  return true;
}

function entryFor(ctx: Context, code: AppRefusal): string | undefined {
  const isPage = ctx.method === 'GET' && ctx.path !== '/';
  if (code === 'not-signed-in') return withNext('/sign-in', isPage ? ctx.url : undefined);
  if (code === 'account-incomplete') return '/welcome';
  if (code === 'second-factor-required') {
    return `/account/second-factor?done=${'second-factor-required' satisfies Done}`;
  }
  if (code === 'proof-needed')
    return withNext('/confirm-identity', isPage ? ctx.url : formPage(ctx));
  if (code === 'too-many-sessions') return '/sign-in/make-room';
  return undefined;
}

/**
 * The page that a refused form stands on, with the notice that nothing was done yet. Browsers name it in
 * `Referer` (our policy is `same-origin`); who made that up is only sent to a page of ours.
 */
function formPage(ctx: Context): string | undefined {
  const referrer = ctx.get('Referer');
  const path = URL.canParse(referrer) ? localPath(new URL(referrer).pathname) : undefined;
  return path && `${path}?done=${'confirmed' satisfies Done}`;
}

function withNext(path: string, next: string | undefined): string {
  return next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`;
}
