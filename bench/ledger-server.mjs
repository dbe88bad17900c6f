// What the Redis server itself can do with the burn script: the client is redis-benchmark, 50 connections,
// 16 commands deep, so that neither Node nor a connection is the limit. Beside bare SET NX EX, in turn.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startRedis } from './redis-process.mjs';

const REQUESTS = Number(process.argv[2] ?? 400_000);
const ROUNDS = 5;
const FENCE = '0123456789ab';

const server = await startRedis();
const lua = (name) =>
  readFileSync(new URL(`../packages/shared/lua/${name}.lua`, import.meta.url), 'utf8');
const sha = await server.redis.script('LOAD', lua('fence') + lua('copy') + lua('burn'));
await server.redis.eval(lua('fence') + lua('read-fence'), 1, 'b:epoch', FENCE);

const later = Date.now() + 600_000;
/** redis-benchmark puts a random number below RANGE wherever this stands: about four nonces a set. */
const RANDOM = '__rand_int__';
const RANGE = 100_000;
const sets = [0, 1, 2, 3].map((level) => `b:burned:x:${level}:${RANDOM}`);
const keys = ['b:epoch', 'b:events', ...sets, `b:copy:${RANDOM}`];
const marks = ['claim:c', 'account:a', 'file:f', 'session:s'].map(
  (subject) => `b:revoked:${subject}`,
);
const seconds = Math.ceil(later / 1000);
const argv = [
  FENCE,
  later,
  later,
  Date.now(),
  'AAAAAAAAAAAAAAAAAAAAAA',
  `1${RANDOM}`,
  seconds,
  100_000,
];
const contenders = {
  'SET NX EX': ['SET', `b:bare:${RANDOM}${RANDOM}`, '1', 'EX', '600', 'NX'],
  burn: ['EVALSHA', sha, keys.length + marks.length, ...keys, ...marks, ...argv].map(String),
};

/** @param {string[]} command */
async function run(command) {
  const epoch = await server.redis.get('b:epoch');
  await server.redis.flushall();
  await server.redis.set('b:epoch', epoch ?? '');
  const before = await server.cpuMicros();
  const flags = ['-p', server.port, '-c', 50, '-P', 16, '-n', REQUESTS, '-r', RANGE, '--csv'].map(
    String,
  );
  const csv = execFileSync('redis-benchmark', [...flags, ...command], { encoding: 'utf8' });
  const perSecond = Number(/","?([\d.]+)"?,/.exec(csv.trim().split('\n').at(-1) ?? '')?.[1]);
  return { perSecond, cpu: ((await server.cpuMicros()) - before) / REQUESTS };
}

const median = (/** @type {number[]} */ values) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const results = { 'SET NX EX': [], burn: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, command] of Object.entries(contenders)) results[name].push(await run(command));
}
console.log('| 50 connections, 16 deep | a second | Redis CPU each, µs |\n|---|--:|--:|');
for (const [name, runs] of Object.entries(results)) {
  const perSecond = Math.round(median(runs.map((one) => one.perSecond))).toLocaleString('en');
  console.log(`| ${name} | ${perSecond} | ${median(runs.map(({ cpu }) => cpu)).toFixed(1)} |`);
}
await server.stop();
