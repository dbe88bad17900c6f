// One line a request, and the id that a person can quote. The logger cuts tokens out of every line,
// so the URL may stand here as it came.
import { randomUUID } from 'node:crypto';
import type { Context, Next } from 'koa';
import type { Logger } from '../log.js';

/** Asked every few seconds by whatever watches the server: a line each would hide the others. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** Middleware, first in the chain: sets `ctx.state.requestId` and `X-Request-Id`, logs the outcome. */
export function requestLog(log: Logger) {
  return async function logRequest(ctx: Context, next: Next): Promise<void> {
    const startedAt = performance.now();
    ctx.state['requestId'] = randomUUID();
    ctx.set('X-Request-Id', requestIdOf(ctx));
    ctx.res.once('close', () => {
      log[PROBES.has(ctx.path) ? 'debug' : 'info']({
        requestId: requestIdOf(ctx),
        method: ctx.method,
        url: ctx.url,
        status: ctx.res.statusCode,
        complete: ctx.res.writableFinished,
        durationMs: Math.round(performance.now() - startedAt),
        ...(ctx.state['logged'] as object | undefined),
      });
    });
    await next();
  };
}

/** The id that `requestLog` gave this request. */
export function requestIdOf(ctx: Context): string {
  return String(ctx.state['requestId']);
}

/** Adds fields to the request's log line: claim id, outcome, reason. Never a token. */
export function logFields(ctx: Context, fields: Readonly<Record<string, unknown>>): void {
  ctx.state['logged'] = { ...(ctx.state['logged'] as object | undefined), ...fields };
}
