// What a resumable claim costs in Redis: bytes while its copy lives, and Redis's CPU for each response that is
// opened, paid for and settled. Half as many at once as would fill the connection, so that nothing waits.
import { once } from 'node:events';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { startRedis } from './redis-process.mjs';

const COUNT = Number(process.argv[2] ?? 50_000);
const AT_ONCE = 50;

const server = await startRedis();
const redis = connectRedis(`redis://127.0.0.1:${server.port}`);
if (redis.status !== 'ready') await once(redis, 'ready');
const ledger = createRedisLedger({ redis });
const fence = await ledger.fence(newNonce());

const requestOf = (nonce) => ({
  nonce,
  fence,
  issuedAtMs: Date.now(),
  forgetAtMs: Date.now() + 185_000,
  subjects: [],
  budgetBytes: 1.25e9,
  leastBytes: 1e9,
  bytes: 8 * 1024 * 1024,
  mayBegin: true,
});
const sent = { firstByte: 0, bytes: 1000 };
const steps = {
  opened: (claim) => ledger.openResponse(claim),
  'paid for': (claim) => ledger.pay({ ...claim, sent }),
  settled: (claim) => ledger.settle({ ...claim, refundBytes: 1000, sent }),
};

const memory = async () =>
  Number(/used_memory:(\d+)/.exec((await redis.info('memory')) ?? '')?.[1] ?? Number.NaN);

const claims = Array.from({ length: COUNT }, () => requestOf(newNonce()));
await ledger.openResponse(requestOf(newNonce()));
const before = await memory();
for (const [name, step] of Object.entries(steps)) {
  const cpu = await server.cpuMicros();
  for (let from = 0; from < COUNT; from += AT_ONCE) {
    await Promise.all(claims.slice(from, from + AT_ONCE).map(step));
  }
  const micros = (await server.cpuMicros()) - cpu;
  console.log(`${name}: ${(micros / COUNT).toFixed(1)} µs of Redis CPU`);
}
await redis.del('claimcheck:events');
console.log(`a live copy with its nonce: ${((await memory()) - before) / COUNT} bytes`);
redis.disconnect();
await server.stop();
