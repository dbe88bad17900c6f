// Burns a second, Redis CPU a burn and latency of the ledger alone, at 1, 16 and 64 in parallel: Redis
// and memory, beside a bare SET NX EX on the same server through the same client in the same run.
import { randomBytes } from 'node:crypto';
import { connectRedis, createMemoryLedger, createRedisLedger } from '@claimcheck/shared/ledger';
import { startRedis } from './redis-process.mjs';

const SECONDS = Number(process.argv[2] ?? 3);
const BATCH = 2000;

const server = await startRedis();
const redis = connectRedis(server.url);
await new Promise((resolve) => redis.once('ready', resolve));
const withRedis = createRedisLedger({ redis, prefix: 'bench:' });
const storedEpoch = createRedisLedger({ redis, prefix: 'stored:', fence: 'stored-epoch' });
const memory = createMemoryLedger();

const subjects = ['account:a', 'file:f', 'session:s'];
const burnBy = (ledger) => async (nonce, fence) => {
  const now = Date.now();
  const claim = `claim:${nonce}`;
  const outcome = await ledger.burn({
    nonce,
    fence,
    issuedAtMs: now,
    forgetAtMs: now + 185_000,
    subjects: [claim, ...subjects],
  });
  if (outcome !== 'burned') throw new Error(outcome);
};
const contenders = {
  'SET NX EX': {
    fence: async () => '',
    act: (nonce) => redis.set(`bare:${nonce}`, '1', 'EX', 185, 'NX'),
  },
  'burn, Redis': { fence: (n) => withRedis.fence(n), act: burnBy(withRedis) },
  'burn, Redis, stored epoch': { fence: (n) => storedEpoch.fence(n), act: burnBy(storedEpoch) },
  'burn, memory': { fence: (n) => memory.fence(n), act: burnBy(memory) },
};

try {
  console.log(
    '| parallel | | a second | of bare | Redis CPU each, µs | of bare | p50, ms | p99, ms |',
  );
  console.log('|--:|---|--:|--:|--:|--:|--:|--:|');
  for (const parallel of [1, 16, 64]) {
    let bare;
    for (const [name, contender] of Object.entries(contenders)) {
      const got = await run(contender, parallel);
      bare ??= got;
      const redisCpu =
        name === 'burn, memory' ? ['-', '-'] : [got.cpu.toFixed(1), ratio(got.cpu, bare.cpu)];
      const speed = [
        Math.round(got.perSecond).toLocaleString('en'),
        ratio(got.perSecond, bare.perSecond),
      ];
      const latency = [got.p50.toFixed(3), got.p99.toFixed(3)];
      const cells = [parallel, name, ...speed, ...redisCpu, ...latency];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
} finally {
  await withRedis.close();
  redis.disconnect();
  await server.stop();
}

function ratio(value, base) {
  return (value / base).toFixed(2);
}

function newNonces() {
  return Array.from({ length: BATCH }, () => randomBytes(16).toString('base64url'));
}

async function run({ fence, act }, parallel) {
  await server.redis.flushall();
  const fenceNow = await fence(randomBytes(16).toString('base64url'));
  let ready = newNonces();
  for (const nonce of ready.splice(0, 500)) await act(nonce, fenceNow);
  const times = [];
  const cpuBefore = await server.cpuMicros();
  const startedAt = performance.now();
  const until = startedAt + SECONDS * 1000;
  const one = async () => {
    while (performance.now() < until) {
      if (ready.length === 0) ready = newNonces();
      const nonce = ready.pop();
      const from = performance.now();
      await act(nonce, fenceNow);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: parallel }, one));
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const cpu = ((await server.cpuMicros()) - cpuBefore) / times.length;
  const sorted = Float64Array.from(times).toSorted();
  const at = (part) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { perSecond: times.length / tookSeconds, cpu, p50: at(0.5), p99: at(0.99) };
}
