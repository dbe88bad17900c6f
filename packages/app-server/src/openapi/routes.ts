// The API's description over HTTP: `GET /api/openapi.json`, and as a page for people at `/api`. The same for
// everybody, so it is made once, at the start.
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { AppContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { renderApiReference } from '../pages/index.js';
import { describeWholeApi } from './join-descriptions.js';

/** How long it may be kept without asking again, in seconds. */
const MAX_AGE_SECONDS = 300;

export function createOpenApiRoutes({ config }: Pick<AppContext, 'config'>) {
  const document = describeWholeApi(config);
  const body = JSON.stringify(document);
  const etag = createHash('sha256').update(body).digest('base64url').slice(0, 22);

  return {
    /** `GET /api/openapi.json`. */
    document: (ctx: Context): void => {
      ctx.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
      ctx.etag = etag;
      ctx.status = 200;
      if (ctx.fresh) {
        ctx.status = 304;
        return;
      }
      ctx.body = body;
      ctx.type = 'application/json';
    },
    /** `GET /api`. */
    page: (ctx: Context): void => {
      ctx.body = renderApiReference({ assets: assetsOf(ctx), document });
    },
  };
}
