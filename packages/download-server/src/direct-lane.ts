// The way of a plain download, GET with a token and nothing to decode in its address: straight to the checklist in
// download.ts, in front of koa, whose context and router would cost a tenth of it. It passes what every other
// request passes, by the same functions. It answers no refusal: what the steps throw is given to koa, which does.
import type { IncomingMessage } from 'node:http';
import {
  placeHead,
  type createRequestLog,
  type Exchange,
  type Handler,
  type PendingHead,
} from '@claimcheck/shared/http';
import type { Middleware } from 'koa';
import type { DownloadExchange } from './download.js';
import { loggablePath } from './loggable-path.js';
import { MAX_URL_LENGTH, TOKEN_ROUTE } from './take-token.js';

/** `TOKEN_ROUTE` without query, and with a token that percent-decoding would leave as it is. */
const PLAIN_TARGET = /^\/d\/([A-Za-z0-9._-]+)(?:\/[^/?#\s]+)?$/;

export interface DirectLaneDependencies {
  begin: ReturnType<typeof createRequestLog>;
  /** Headers that every answer carries, names and values in turn. */
  standing: readonly string[];
  download: (exchange: DownloadExchange, tokenInPath: string) => Promise<void>;
}

interface DirectExchange extends DownloadExchange {
  head: PendingHead;
}

/** A request of this lane that koa is to refuse. */
interface Failure extends Pick<Exchange, 'state'> {
  error: unknown;
  respond: boolean | undefined;
  statusCode: number;
}

export interface DirectLane {
  /** The server's handler: plain downloads here, all else, and every refusal, by `koa`. */
  before(koa: Handler): Handler;
  /** Middleware that is passed only by requests that did not come from here: those have had it. */
  unless(middleware: Middleware): Middleware;
  /** Middleware that throws what the steps have thrown. */
  rethrow: Middleware;
}

export function createDirectLane(dependencies: DirectLaneDependencies): DirectLane {
  const { begin, standing, download } = dependencies;
  const failures = new WeakMap<IncomingMessage, Failure>();

  async function answer(
    exchange: DirectExchange,
    { path, token }: { path: string; token: string },
    koa: Handler,
  ): Promise<void> {
    const { req, res, state } = exchange;
    const loggable = () => loggablePath(path);
    const end = begin(exchange, () => ({ path, route: TOKEN_ROUTE, loggable }));
    try {
      await download(exchange, token);
    } catch (error) {
      const { respond } = exchange;
      failures.set(req, { error, state, respond, statusCode: res.statusCode });
      placeHead(res, exchange.head);
      await koa(req, res);
    } finally {
      end();
    }
  }

  return {
    before: (koa) => (req, res) => {
      const { method, url: path = '' } = req;
      const isPlain = method === 'GET' && path.length <= MAX_URL_LENGTH;
      const token = isPlain ? PLAIN_TARGET.exec(path)?.[1] : undefined;
      if (token === undefined) return koa(req, res);
      const head = { headers: [...standing], writtenAtMs: 0 };
      return answer({ req, res, state: {}, respond: undefined, head }, { path, token }, koa);
    },
    unless: (middleware) => (ctx, next) => {
      const failure = failures.get(ctx.req);
      if (failure === undefined) return middleware(ctx, next);
      ctx.state = failure.state;
      if (failure.respond !== undefined) ctx.respond = failure.respond;
      // Koa begins with 404, also where the head is out already.
      if (ctx.headerSent) ctx.res.statusCode = failure.statusCode;
      return next();
    },
    rethrow: (ctx, next) => {
      const failure = failures.get(ctx.req);
      if (failure !== undefined) throw failure.error;
      return next();
    },
  };
}
