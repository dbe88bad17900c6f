// The app server's HTTP side: the chain that every request passes, on its way to the route table in
// `routes.ts`.
import { requestLog } from '@claimcheck/shared/http';
import Koa from 'koa';
import { bringsKey } from './api-keys/bearer.js';
import type { IdentityContext } from './context.js';
import { loadAssets } from './http/assets.js';
import { refuseCrossSite } from './http/csrf.js';
import { handleErrors } from './http/errors.js';
import { securityHeaders } from './http/security-headers.js';
import { bringsSessionCookie } from './sessions/session-cookie.js';
import { createRouter } from './routes.js';

/** @param isStopping true from the moment a stop was asked for. */
export function createApp(context: IdentityContext, isStopping: () => boolean): Koa {
  const { config, log, metrics } = context;
  const assets = loadAssets();
  const app = new Koa();
  app.proxy = config.trustProxy;
  // Our proxy appends to X-Forwarded-For; whatever stands before its entry is the client's claim.
  app.maxIpsCount = 1;
  app.on('error', (error: Error) => log.error({ err: error }, 'a response failed'));

  app.use(requestLog(log, metrics.requestEnded));
  app.use(assets.provide);
  app.use(securityHeaders(config.downloadOrigin, config.handOff.to));
  app.use(handleErrors(log));
  app.use(refuseCrossSite(config.appOrigin, bringsSessionCookie, bringsKey));
  const router = createRouter(context, assets.serve, isStopping);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}
