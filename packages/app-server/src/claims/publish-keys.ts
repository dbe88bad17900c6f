// The public keys, for the download servers and for anybody: `GET /.well-known/claimcheck/keys`.
// Nothing of the secret halves is reachable from here.
import { createHash } from 'node:crypto';
import { publishKeys, type SigningKeys } from '@claimcheck/shared/mint';
import type { Context } from 'koa';

/** How long a download server may go without asking again, in seconds. */
const MAX_AGE_SECONDS = 60;

export function createKeysHandler(keys: SigningKeys) {
  const body = JSON.stringify(publishKeys(keys));
  const etag = createHash('sha256').update(body).digest('base64url').slice(0, 22);

  return (ctx: Context): void => {
    ctx.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
    ctx.etag = etag;
    ctx.status = 200;
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    ctx.body = body;
    ctx.type = 'application/json';
  };
}
