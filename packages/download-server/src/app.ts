// The whole route table of the download server, and what every request passes on its way there. The plain form
// of a download passes the same in front of koa (direct-lane.ts).
import { Router } from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import {
  createRequestLog,
  logFields,
  requestLog,
  type EndedRequest,
  type Handler,
} from '@claimcheck/shared/http';
import type { Logger } from '@claimcheck/shared/log';
import { answerRefusals } from './answer-refusals.js';
import { createDirectLane } from './direct-lane.js';
import type { DownloadExchange } from './download.js';
import { loggablePath } from './loggable-path.js';
import { Refused } from './problems.js';
import { securityHeaders } from './security-headers.js';
import { MAX_URL_LENGTH, TOKEN_ROUTE } from './take-token.js';

export interface AppDependencies {
  /** This server's own origin. */
  origin: string;
  log: Logger;
  /** Told of every request that came to its end. */
  onEnd: (ended: EndedRequest) => void;
  download: (ctx: DownloadExchange, tokenInPath?: string) => Promise<void>;
  health: { livez: (ctx: Context) => void; readyz: (ctx: Context) => Promise<void> };
}

export function createApp({ origin, log, onEnd, download, health }: AppDependencies): Handler {
  const standing = securityHeaders(origin);
  const begin = createRequestLog(log, onEnd);
  const direct = createDirectLane({ begin, standing, download });
  const router = new Router();
  // The file name in the address is for people and for `curl -O`; nothing is ever found by it.
  router.all(TOKEN_ROUTE, readOnly, (ctx) => download(ctx, ctx.params['token']));
  router.all('/d', readOnly, (ctx) => download(ctx));
  router.all('/livez', readOnly, health.livez);
  router.all('/readyz', readOnly, health.readyz);

  const app = new Koa();
  app.on('error', (error: unknown) => log.debug({ err: error }, 'a connection failed'));
  app.use(direct.unless(requestLog(log, onEnd)));
  app.use(answerRefusals({ log }));
  app.use((ctx, next) => {
    for (let i = 0; i + 1 < standing.length; i += 2)
      ctx.set(standing[i] ?? '', standing[i + 1] ?? '');
    return next();
  });
  app.use(direct.rethrow);
  app.use(checkTarget);
  app.use(router.routes());
  app.use(() => {
    throw new Refused('not-found');
  });
  return direct.before(app.callback());
}

function checkTarget(ctx: Context, next: Next): Promise<void> {
  logFields(ctx, { url: loggablePath(ctx.path) });
  if (ctx.url.length > MAX_URL_LENGTH) throw new Refused('uri-too-long');
  return next();
}

/** Answers OPTIONS, and refuses what is neither GET nor HEAD: neither looks at the claim. */
function readOnly(ctx: Context, next: Next): Promise<void> | void {
  const Allow = 'GET, HEAD, OPTIONS';
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return next();
  if (ctx.method !== 'OPTIONS') throw new Refused('method-not-allowed', { headers: { Allow } });
  ctx.set({ Allow, 'Cache-Control': 'no-store' });
  ctx.status = 204;
}
