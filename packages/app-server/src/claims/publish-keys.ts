// The public keys, for the download servers and for anybody: `GET /.well-known/claimcheck/keys`.
// Nothing of the secret halves is reachable from here.
import type { Context } from 'koa';
import type { AppContext } from '../context.js';
import { Refused } from '../http/problems.js';

/** Answers with the keys of this moment, and 503 rather than with what may be old. */
export function createKeysHandler({ config, keys }: Pick<AppContext, 'config' | 'keys'>) {
  return (ctx: Context): void => {
    const published = keys.published();
    if (published === undefined) throw new Refused('busy');
    ctx.set('Cache-Control', `public, max-age=${config.keysMaxAgeSeconds}`);
    ctx.etag = published.etag;
    ctx.status = 200;
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    ctx.body = published.body;
    ctx.type = 'application/json';
  };
}
