// One kind of permission, checked by Node's bare HTTP server: 200 when it holds, 403 when not. Claims are
// verified and burned by the real code; opaque tokens and sessions as the ordinary code for them does.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { burnRequestOf, connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { createVerifier } from '../verify-as-ours.mjs';

/** @typedef {(token: string) => Promise<boolean>} Check */

const BODY = Buffer.alloc(1024, 'x');
const settings = JSON.parse(process.argv[2] ?? '{}');
const redis = connectRedis(settings.redisUrl);
const ledger = createRedisLedger({ redis });
const verify = await createVerifier(settings);
await new Promise((resolve) => void redis.once('ready', () => resolve(undefined)));

/** @type {Record<import('./permissions.mjs').Mode, Check>} */
const CHECKS = {
  nothing: () => Promise.resolve(true),
  opaque: async (token) => {
    const stored = await redis.getdel(`token:${token}`);
    return stored !== null && JSON.parse(stored).exp > Date.now();
  },
  verify: async (token) => (await verify(token, Date.now())).ok,
  burn: async (token) => {
    const verification = await verify(token, Date.now());
    if (!verification.ok) return false;
    const request = burnRequestOf(verification.claim, verification.keyId);
    return (await ledger.burn(request)) === 'burned';
  },
  session: async (id) => {
    const hash = createHash('sha256').update(id).digest('base64url');
    const stored = await redis.get(`session:${hash}`);
    return stored !== null && JSON.parse(stored).endsAtMs > Date.now();
  },
};

const check = CHECKS[/** @type {import('./permissions.mjs').Mode} */ (settings.mode)];
createServer((request, response) => {
  check((request.url ?? '').slice('/d/'.length)).then(
    (holds) => void response.writeHead(holds ? 200 : 403).end(holds ? BODY : ''),
    () => void response.writeHead(503).end(),
  );
}).listen(settings.port, '127.0.0.1');
