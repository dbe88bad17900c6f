// One line a request, and the id that a person can quote. Of the address it shows the path alone, with
// long parts cut out, and the logger cuts tokens out of every line besides.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Next } from 'koa';
import type { Logger } from '../log.js';
import { cutLongSegments } from './loggable-path.js';
import { onAnswerEnd } from './on-answer-end.js';
import { placeHead, type PendingHead } from './pending-head.js';

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

/** A request and its answer, as far as its log line goes; koa's context is one. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  /** Holds the request's id and what `logFields` has added. */
  state: Record<string, unknown>;
  /** For who writes the head himself: the headers that are to be in it. Elsewhere they are on `res`. */
  head?: PendingHead | undefined;
}

/** What only who routes a request knows of it; asked for at its end. */
export interface RoutedRequest {
  /** Of the address: without the query. */
  path: string;
  route: string | undefined;
  /** What of it may be logged, where that is not for all requests the same. */
  loggable?: () => string;
}

/**
 * Returns a function to begin a request with. That gives it an id, also as `X-Request-Id`, and returns another
 * one, to be called once when everything behind it has come to its end: the line is written when the answer
 * has come to its own as well.
 * @param onEnd is told the same, also of probes
 */
export function createRequestLog(log: Logger, onEnd: (ended: EndedRequest) => void = () => {}) {
  return function begin(exchange: Exchange, routed: () => RoutedRequest): () => void {
    const { req, res, state } = exchange;
    const startedAt = performance.now();
    const requestId = randomUUID();
    state['requestId'] = requestId;
    const head: PendingHead = exchange.head ?? { headers: [], writtenAtMs: 0 };
    head.headers.push('X-Request-Id', requestId);
    if (exchange.head === undefined) placeHead(res, head);
    let unfinished = 2;

    function finish(): void {
      unfinished -= 1;
      if (unfinished > 0) return;
      const durationMs = performance.now() - startedAt;
      const firstByteMs = res.headersSent ? head.writtenAtMs - startedAt : undefined;
      const fields = fieldsOf(exchange);
      const { path, route, loggable = () => cutLongSegments(path) } = routed();
      const { method = '' } = req;
      const status = res.statusCode;
      const level = PROBES.has(path) ? 'debug' : 'info';
      if (log.isLevelEnabled(level)) {
        log[level]({
          requestId,
          method,
          url: fields['url'] ?? loggable(),
          status,
          complete: res.writableFinished,
          durationMs: Math.round(durationMs),
          ...(firstByteMs === undefined ? {} : { firstByteMs: Math.round(firstByteMs * 10) / 10 }),
          ...fields,
        });
      }
      onEnd({
        method,
        status,
        route,
        seconds: durationMs / 1000,
        firstByteSeconds: firstByteMs === undefined ? undefined : firstByteMs / 1000,
        fields,
      });
    }

    onAnswerEnd(res, finish);
    return finish;
  };
}

/** The same as middleware, first in the chain. */
export function requestLog(log: Logger, onEnd?: (ended: EndedRequest) => void) {
  const begin = createRequestLog(log, onEnd);
  return async function logRequest(ctx: Context, next: Next): Promise<void> {
    const end = begin(ctx, () => ({ path: ctx.path, route: routeOf(ctx) }));
    try {
      await next();
    } finally {
      end();
    }
  };
}

/** The id that `requestLog` gave this request. */
export function requestIdOf({ state }: Pick<Exchange, 'state'>): string {
  return String(state['requestId']);
}

/** Adds fields to the request's log line: claim id, outcome, reason. Never a token. */
export function logFields(
  { state }: Pick<Exchange, 'state'>,
  fields: Readonly<Record<string, unknown>>,
): void {
  const logged = state['logged'] as Record<string, unknown> | undefined;
  if (logged === undefined) state['logged'] = { ...fields };
  else Object.assign(logged, fields);
}

function fieldsOf({ state }: Pick<Exchange, 'state'>): Readonly<Record<string, unknown>> {
  return (state['logged'] as Record<string, unknown> | undefined) ?? {};
}

/** @koa/router leaves the pattern that matched on the context. */
function routeOf(ctx: Context): string | undefined {
  const { _matchedRoute: route } = ctx as { _matchedRoute?: unknown };
  return typeof route === 'string' ? route : undefined;
}
