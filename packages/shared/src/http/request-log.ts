// One line a request, and the id that a person can quote. Of the address it shows the path alone, with
// long parts cut out, and the logger cuts tokens out of every line besides.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Context, Next } from 'koa';
import type { Logger } from '../log.js';
import { cutLongSegments } from './loggable-path.js';
import { onSocketClose } from './on-socket-close.js';

/** Asked every few seconds by whatever watches the server: a line each would hide the others. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** What became of a request, for who counts. */
export interface EndedRequest {
  method: string;
  status: number;
  /** The route's pattern, such as `/api/files/:id`, or undefined where none was found. */
  route: string | undefined;
  seconds: number;
  /** From the request's head to that of the answer, or undefined when there was none. */
  firstByteSeconds: number | undefined;
  /** What `logFields` has added. */
  fields: Readonly<Record<string, unknown>>;
}

/**
 * Middleware, first in the chain: sets `ctx.state.requestId` and `X-Request-Id`, and logs the outcome when
 * both the answer and everything behind this middleware have come to their ends.
 * @param onEnd is told the same, also of probes
 */
export function requestLog(log: Logger, onEnd: (ended: EndedRequest) => void = () => {}) {
  return async function logRequest(ctx: Context, next: Next): Promise<void> {
    const startedAt = performance.now();
    const requestId = randomUUID();
    ctx.state['requestId'] = requestId;
    ctx.set('X-Request-Id', requestId);
    const headAt = noteHead(ctx.res);
    const closed = whenClosed(ctx.res);

    function end(): void {
      const durationMs = performance.now() - startedAt;
      const firstByteMs = ctx.res.headersSent ? headAt.ms - startedAt : undefined;
      const fields = fieldsOf(ctx);
      const { method, path } = ctx;
      const status = ctx.res.statusCode;
      log[PROBES.has(path) ? 'debug' : 'info']({
        requestId,
        method,
        url: cutLongSegments(path),
        status,
        complete: ctx.res.writableFinished,
        durationMs: Math.round(durationMs),
        ...(firstByteMs === undefined ? {} : { firstByteMs: Math.round(firstByteMs * 10) / 10 }),
        ...fields,
      });
      onEnd({
        method,
        status,
        route: routeOf(ctx),
        seconds: durationMs / 1000,
        firstByteSeconds: firstByteMs === undefined ? undefined : firstByteMs / 1000,
        fields,
      });
    }

    try {
      await next();
    } finally {
      void closed.then(end);
    }
  };
}

/** The id that `requestLog` gave this request. */
export function requestIdOf(ctx: Context): string {
  return String(ctx.state['requestId']);
}

/** Adds fields to the request's log line: claim id, outcome, reason. Never a token. */
export function logFields(ctx: Context, fields: Readonly<Record<string, unknown>>): void {
  ctx.state['logged'] = { ...fieldsOf(ctx), ...fields };
}

function fieldsOf(ctx: Context): Readonly<Record<string, unknown>> {
  return (ctx.state['logged'] as Record<string, unknown> | undefined) ?? {};
}

/** @koa/router leaves the pattern that matched on the context. */
function routeOf(ctx: Context): string | undefined {
  const { _matchedRoute: route } = ctx as { _matchedRoute?: unknown };
  return typeof route === 'string' ? route : undefined;
}

/** When the head was handed over, which is when the first byte goes out. Koa and we write it alike. */
function noteHead(response: ServerResponse): { ms: number } {
  const noted = { ms: 0 };
  const writeHead: (...head: never[]) => ServerResponse = response.writeHead.bind(response);
  Object.assign(response, {
    writeHead: (...head: never[]) => {
      noted.ms = performance.now();
      return writeHead(...head);
    },
  });
  return noted;
}

/** The response's own end, or its connection's: one that is queued behind another hears nothing of that. */
function whenClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const forget = onSocketClose(response.req.socket, resolve);
    response.once('close', () => {
      forget();
      resolve();
    });
  });
}
