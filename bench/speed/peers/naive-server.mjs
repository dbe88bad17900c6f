// N, the naive peer: what one writes on a first afternoon with the same libraries. The signature by the PASETO
// library as it comes (Web Crypto), the nonce by SET NX EX, the file by a piped stream. It has no fence, no
// revocation, no events, no limits, no log, no digest, and opens the file after the burn; do not use it for anything.
import { etagOf } from '@claimcheck/shared/claim';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Router } from '@koa/router';
import { Redis } from 'ioredis';
import Koa from 'koa';
import { PublicProtocol } from 'paseto';
import { ImportPublicKeyFactory, VerifyFactory } from 'paseto/v4/public';

/** @typedef {import('@claimcheck/shared/claim').DownloadClaim} DownloadClaim */

const settings = JSON.parse(process.argv[2] ?? '{}');
const protocol = new PublicProtocol(ImportPublicKeyFactory, VerifyFactory);
const key = await protocol.ImportPublicKey(settings.key);
const redis = new Redis(settings.redisUrl);

const router = new Router();
router.get('/d/:token{/:filename}', async (ctx) => {
  const claim = await protocol
    .Verify(key, ctx.params['token'] ?? '', {
      issuer: settings.issuer,
      audience: settings.audience,
    })
    .then(
      ({ claims }) => /** @type {Partial<DownloadClaim>} */ (claims),
      () => undefined,
    );
  if (claim?.act !== 'download' || !claim.fil) ctx.throw(403, 'invalid claim');
  const { jti, exp, fil } = /** @type {DownloadClaim} */ (claim);
  const life = Math.ceil((Date.parse(exp) - Date.now()) / 1000) + 60;
  const stored = await redis.set(`naive:${jti}`, '1', 'EX', life, 'NX');
  if (stored === null) ctx.throw(410, 'already used');
  const path = join(settings.root, fil.key);
  const { size } = await stat(path);
  ctx.set('ETag', `"${etagOf(fil)}"`);
  ctx.set('Cache-Control', 'no-store');
  ctx.attachment(fil.name);
  ctx.type = fil.type;
  ctx.length = size;
  ctx.body = createReadStream(path);
});

const app = new Koa();
app.silent = true;
app.use(router.routes());
app.listen(settings.port, '127.0.0.1');
