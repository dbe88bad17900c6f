// Bytes of Redis memory, CPU and the pause at expiry of a million burned nonces, in each layout that
// was considered and in the one that is used. Every layout decides in a script, as a burn has to.
import { readFileSync } from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { parseNonce, shardKeys } from '@claimcheck/shared/ledger';
import { startRedis } from './redis-process.mjs';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const BATCH = 500;
const LIFE_SECONDS = 3600;
const EXPIRE_IN_MS = 1500;

const burn = readFileSync(new URL('../packages/shared/lua/burn.lua', import.meta.url), 'utf8');
/** The part of burn.lua that finds and keeps the nonce, from its first line to the event's. */
const packed =
  'local FULL = 511\nlocal LAST = 6\n' +
  burn.slice(burn.indexOf('local level, members'), burn.indexOf('if not ARGV[9] then\n  tell(')) +
  "return 'burned'";
const oneKey =
  "return redis.call('SET', KEYS[1], '1', 'NX', 'EXAT', ARGV[7]) and 'burned' or 'already-used'";
const inSet = `
  if redis.call('SADD', KEYS[1], ARGV[6]) == 0 then return 'already-used' end
  if redis.call('SCARD', KEYS[1]) == 1 then redis.call('EXPIREAT', KEYS[1], ARGV[7]) end
  return 'burned'`;
const inHash = `
  if redis.call('HSETNX', KEYS[1], ARGV[6], '') == 0 then return 'already-used' end
  if redis.call('HLEN', KEYS[1]) == 1 then redis.call('EXPIREAT', KEYS[1], ARGV[7]) end
  return 'burned'`;

const shard = shardKeys('claimcheck:', undefined);
const text = (bytes) => bytes.toString('base64url');
const pick = (bytes, sets) => bytes.readUInt32LE(8) % sets;
const layouts = {
  'key a nonce, text': { lua: oneKey, keys: (n) => [`claimcheck:burned:${text(n)}`] },
  'key a nonce, binary': { lua: oneKey, keys: (n) => [Buffer.concat([Buffer.from('b:'), n])] },
  'four sets, binary members': { lua: inSet, keys: (n) => [`b:${n[8] % 4}`], member: (n) => n },
  'four sets, lazy expiry': {
    lua: inSet,
    keys: (n) => [`b:${n[8] % 4}`],
    member: (n) => n,
    args: ['--lazyfree-lazy-expire', 'yes'],
  },
  'hashes as listpacks': {
    lua: inHash,
    keys: (n) => [`b:${pick(n, 8192)}`],
    member: (n) => n,
    args: ['--hash-max-listpack-entries', '512'],
  },
  'packed sets (used)': {
    lua: packed,
    keys: (n) => ['-', '-', ...shard.burned(parseNonce(text(n)), Date.now() + LIFE_SECONDS * 1000)],
    member: (n) => parseNonce(text(n)).member,
  },
  'packed sets, limit 128': {
    lua: packed,
    keys: (n) => ['-', '-', ...shard.burned(parseNonce(text(n)), Date.now() + LIFE_SECONDS * 1000)],
    member: (n) => parseNonce(text(n)).member,
    args: ['--set-max-intset-entries', '128'],
  },
};

console.log(
  `| layout, ${COUNT.toLocaleString('en')} nonces | bytes each | Redis CPU each, µs | longest pause at expiry, ms |`,
);
console.log('|---|--:|--:|--:|');
for (const [name, layout] of Object.entries(layouts)) {
  const { bytes, cpu, pause } = await measure(layout);
  console.log(`| ${name} | ${bytes.toFixed(1)} | ${cpu.toFixed(2)} | ${pause.toFixed(1)} |`);
}

async function measure({ lua, keys, member = () => '', args = [] }) {
  const server = await startRedis(args);
  const { redis } = server;
  const sha = createHash('sha1').update(lua).digest('hex');
  try {
    await redis.script('LOAD', lua);
    const before = await server.datasetBytes();
    let cpu = 0;
    const expireAt = Math.floor(Date.now() / 1000) + LIFE_SECONDS;
    for (let done = 0; done < COUNT; done += BATCH) {
      const pipeline = redis.pipeline();
      for (let i = 0; i < BATCH; i += 1) {
        const nonce = randomBytes(16);
        const names = keys(nonce);
        pipeline.evalsha(
          sha,
          names.length,
          ...names,
          '',
          '',
          '',
          '',
          '',
          member(nonce),
          String(expireAt),
        );
      }
      for (const [error, reply] of await pipeline.exec())
        if (error || reply !== 'burned') throw error ?? new Error(String(reply));
    }
    cpu = await server.cpuMicros();
    const bytes = (await server.datasetBytes()) - before;
    const pause = await longestPause(server);
    return { bytes: bytes / COUNT, cpu: cpu / COUNT, pause };
  } finally {
    await server.stop();
  }
}

/** Lets everything expire at one instant, and pings all the while. */
async function longestPause({ redis }) {
  const at = Date.now() + EXPIRE_IN_MS + (await redis.dbsize()) / 100;
  let cursor = '0';
  do {
    const [next, found] = await redis.scanBuffer(cursor, 'COUNT', 2000);
    cursor = next.toString();
    const pipeline = redis.pipeline();
    for (const key of found) pipeline.pexpireat(key, Math.ceil(at));
    await pipeline.exec();
  } while (cursor !== '0');
  let longest = 0;
  const giveUpAt = at + 60_000;
  while (Date.now() < giveUpAt) {
    const startedAt = performance.now();
    await redis.ping();
    if (Date.now() > at) longest = Math.max(longest, performance.now() - startedAt);
    if (Date.now() > at + 300 && (await redis.dbsize()) === 0) break;
  }
  return longest;
}
