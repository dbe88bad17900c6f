// Opaque token or claim, settled with figures: requests a second, latency, what the store holds for a permission
// before and after its use, and what it takes in the URL; with the store near and further away.
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startPermissionServer } from '../peers/permissions.mjs';
import { burnAll } from '../load/burn-all.mjs';
import { runWithTokens, runWrk } from '../load/run-wrk.mjs';
import { freePort, startProcess } from '../processes.mjs';
import { interleave, median, medians } from '../statistics.mjs';

const RELAY = fileURLToPath(new URL('../load/relay.mjs', import.meta.url));
const CONNECTIONS = 64;
const LIFE_SECONDS = 900;
const PINGS = 50;
const AT_ONCE = 500;

/** @type {Record<string, import('../peers/permissions.mjs').Mode>} */
const KINDS = {
  'opaque token, GETDEL': 'opaque',
  'claim, verified only': 'verify',
  'claim, verified and burned': 'burn',
  'session, looked up': 'session',
};

/**
 * @param {import('../furnish.mjs').House} house
 * @param {import('../options.mjs').Scale} scale
 */
export async function measurePermissions(house, scale) {
  const rows = [];
  for (const delayMs of scale.delaysMs) {
    const store = await reachStore(house, delayMs);
    try {
      rows.push(...(await measureAt(house, scale, { ...store, delayMs })));
    } finally {
      await store.stop();
    }
  }
  return {
    title: 'opaque token, claim, session',
    rows,
    weights: await weigh(house, scale.permissions),
  };
}

/**
 * @param {import('../furnish.mjs').House} house
 * @param {import('../options.mjs').Scale} scale
 * @param {{ url: string, addedMs: number, delayMs: number }} store
 */
async function measureAt(house, scale, store) {
  /** @type {Record<string, import('../peers/peer.mjs').Peer>} */
  const servers = {};
  const names = Object.keys(KINDS);
  try {
    for (const [name, mode] of Object.entries(KINDS))
      servers[name] = await startPermissionServer(house, { mode, redisUrl: store.url });
    /** @type {string[]} */
    let claims = [];
    const prepare = async () =>
      void (claims = await house.mint('1 KiB', scale.claimsASecond * scale.permissionSeconds));
    const measure = async (/** @type {string} */ name, seconds = scale.permissionSeconds) => {
      const peer = servers[name];
      if (peer === undefined) throw new Error(name);
      const { directory, redis } = house;
      const order = { name, peer, seconds, connections: CONNECTIONS, directory, redis };
      return await runWithTokens({
        run: async () => {
          await house.forget();
          const tokens = await tokensFor(house, KINDS[name] ?? 'nothing', claims);
          return await runWrk({ ...order, tokens });
        },
        mintMore: async () =>
          void (claims = claims.concat(await house.mint('1 KiB', claims.length))),
      });
    };
    await prepare();
    if (scale.warmUpSeconds > 0) for (const name of names) await measure(name);
    const results = await interleave(names, scale.rounds, (name) => measure(name), prepare);
    return names.map((name) => ({
      kind: name,
      delayMs: store.delayMs,
      addedMs: store.addedMs,
      ...medians(results[name] ?? []),
      rounds: results[name],
    }));
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

/**
 * Permissions that hold, as the kind has them: put into the store first, where it needs that.
 * @param {import('../furnish.mjs').House} house
 * @param {import('../peers/permissions.mjs').Mode} mode
 * @param {string[]} claims
 */
async function tokensFor(house, mode, claims) {
  if (mode === 'verify' || mode === 'burn') return claims;
  if (mode === 'opaque') return await storeOpaque(house, claims.length);
  const ids = await storeSessions(house, Math.min(claims.length, 10_000));
  return claims.map((_, i) => ids[i % ids.length] ?? '');
}

/** As many facts as a claim carries. @param {import('../furnish.mjs').House} house @param {number} count */
async function storeOpaque(house, count) {
  const tokens = Array.from({ length: count }, () => randomBytes(16).toString('base64url'));
  const facts = {
    sub: 'q3cWlYvGxq0a',
    ses: 'b1oT4fQm7yZx',
    act: 'download',
    fil: house.file('1 KiB'),
  };
  const exp = Date.now() + LIFE_SECONDS * 1000;
  await storeAll(house, tokens, (token) => [`token:${token}`, JSON.stringify({ ...facts, exp })]);
  return tokens;
}

/** @param {import('../furnish.mjs').House} house @param {number} count */
async function storeSessions(house, count) {
  const ids = Array.from({ length: count }, () => randomBytes(32).toString('base64url'));
  const nowMs = Date.now();
  await storeAll(house, ids, (id) => {
    const idHash = createHash('sha256').update(id).digest('base64url');
    const times = {
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      endsAtMs: nowMs + LIFE_SECONDS * 1000,
    };
    const session = {
      idHash,
      reference: 'b1oT4fQm7yZx',
      accountId: 'q3cWlYvGxq0a',
      userAgent: 'Firefox on Linux',
      ...times,
    };
    return [`session:${idHash}`, JSON.stringify(session)];
  });
  return ids;
}

/**
 * @param {import('../furnish.mjs').House} house
 * @param {string[]} ids
 * @param {(id: string) => [key: string, value: string]} entry
 */
async function storeAll({ redis: { redis } }, ids, entry) {
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const batch = redis.pipeline();
    for (const id of ids.slice(i, i + AT_ONCE)) batch.set(...entry(id), 'EX', LIFE_SECONDS);
    await batch.exec();
  }
}

/**
 * Bytes of the store a permission while it is outstanding and after its use, by what Redis says of its memory, and
 * characters of the URL. Events are left out: their stream is capped.
 * @param {import('../furnish.mjs').House} house
 * @param {number} count
 */
async function weigh(house, count) {
  const { redis, ledger } = house;
  const grown = async (/** @type {() => Promise<unknown>} */ act) => {
    await house.forget();
    const before = await redis.datasetBytes();
    await act();
    await redis.redis.del('claimcheck:events');
    return ((await redis.datasetBytes()) - before) / count;
  };
  const claims = await house.mint('1 KiB', count);
  const opaque = await grown(() => storeOpaque(house, count));
  const session = await grown(() => storeSessions(house, count));
  const burned = await grown(() => burnAll(ledger, claims));
  const [claim = ''] = claims;
  return {
    'opaque token, GETDEL': { outstandingBytes: opaque, usedBytes: 0, urlCharacters: 22 },
    'claim, verified only': { outstandingBytes: 0, usedBytes: 0, urlCharacters: claim.length },
    'claim, verified and burned': {
      outstandingBytes: 0,
      usedBytes: burned,
      urlCharacters: claim.length,
    },
    'session, looked up': { outstandingBytes: session, usedBytes: session, urlCharacters: 0 },
  };
}

/**
 * A way to the house's Redis that takes `delayMs` longer, and how much longer a PING really took.
 * @param {import('../furnish.mjs').House} house
 * @param {number} delayMs
 */
async function reachStore(house, delayMs) {
  if (delayMs === 0) return { url: house.redis.url, addedMs: 0, stop: async () => {} };
  const port = await freePort();
  const relay = startProcess(process.execPath, [
    RELAY,
    String(port),
    String(house.redis.port),
    String(delayMs),
  ]);
  const far = await pingMs(port);
  const near = await pingMs(house.redis.port);
  return { url: `redis://127.0.0.1:${port}`, addedMs: far - near, stop: () => relay.stop() };
}

/** The median of some PINGs; the first tries wait for the port to open. @param {number} port */
async function pingMs(port) {
  const socket = await openSocket(port);
  const times = [];
  for (let i = 0; i < PINGS; i += 1) {
    const from = performance.now();
    socket.write('PING\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    times.push(performance.now() - from);
  }
  socket.destroy();
  return median(times);
}

/** @param {number} port @returns {Promise<import('node:net').Socket>} */
async function openSocket(port, tries = 200) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const failed = await new Promise((resolve) => {
    socket.once('connect', () => resolve(undefined));
    socket.once('error', resolve);
  });
  if (failed === undefined) return socket;
  if (tries === 0) throw failed;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return await openSocket(port, tries - 1);
}
