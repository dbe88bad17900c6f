// What every case is measured with: a directory of files, a key, the address that publishes it, a Redis
// with the ledger in it, and claims minted in bulk by the real minting half. One `close()` ends all of it.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdir, mkdtemp, open, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce, publishKeys } from '@claimcheck/shared/mint';
import { startRedis } from '../redis-process.mjs';

/** Nothing listens at them: they are what claims say and verifiers compare. */
export const ISSUER = 'https://app.example.org';
export const AUDIENCE = 'https://files.example.org';

/** The longest that a verifier accepts; a set of claims is used within minutes. */
const LIFE_SECONDS = 900;
/** Ago: the life of a claim and a few minutes. */
const EXPIRED_MS = 20 * 60_000;
const MINT_AT_ONCE = 64;
const QUIET_TIMES = 4;
const QUIET_MS = 50;
const BLOCK_BYTES = 1024 * 1024;

/**
 * @typedef {import('@claimcheck/shared/claim').ClaimedFile} ClaimedFile
 * @typedef {import('@claimcheck/shared/mint').SigningKey} SigningKey
 * @typedef {Awaited<ReturnType<typeof furnish>>} House
 */

/** @param {Readonly<Record<string, number>>} sizes name to bytes of the files to write */
export async function furnish(sizes) {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'claimcheck-speed-')));
  const root = join(directory, 'files');
  await mkdir(root);
  /** @type {Record<string, ClaimedFile>} */
  const files = {};
  for (const [name, bytes] of Object.entries(sizes))
    files[name] = await writeFileOf(root, name, bytes);
  const key = await generateSigningKey();
  const keyServer = await publish(key);
  const redis = await startRedis();
  const connection = connectRedis(redis.url);
  await new Promise((resolve) => connection.once('ready', resolve));
  const ledger = createRedisLedger({ redis: connection });

  return {
    directory,
    root,
    redis,
    ledger,
    key,
    keysUrl: keyServer.url,
    /** @param {string} name */
    file(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`no file ${name} was furnished`);
      return file;
    },
    /**
     * Fresh strict claims for one file.
     * @param {string} name
     * @param {number} count
     */
    async mint(name, count) {
      const file = this.file(name);
      return await mintMany({ key, file, fence: await ledger.fence(newNonce()), count });
    },
    /** A claim that only its signature is wrong with: by a key nobody publishes. @param {string} name */
    async mintByStranger(name) {
      const fence = await ledger.fence(newNonce());
      const order = { key: await generateSigningKey(), file: this.file(name), fence, count: 1 };
      const [token = ''] = await mintMany(order);
      const footer = Buffer.from(JSON.stringify({ kid: key.id })).toString('base64url');
      return token.replace(/[^.]*$/, footer);
    },
    /** A claim that was good until some minutes ago. @param {string} name */
    async mintExpired(name) {
      const order = { key, file: this.file(name), fence: await ledger.fence(newNonce()), count: 1 };
      const [token = ''] = await mintMany({ ...order, nowMs: Date.now() - EXPIRED_MS });
      return token;
    },
    /** A claim for the same file at another server. @param {string} name */
    async mintForOther(name) {
      const order = { key, file: this.file(name), fence: await ledger.fence(newNonce()), count: 1 };
      const [token = ''] = await mintMany({ ...order, audience: 'https://elsewhere.example.org' });
      return token;
    },
    /** Forgets every burn and event and keeps the fence, so that the next peer may burn the same claims. */
    async forget() {
      await untilQuiet(redis.redis);
      const epoch = await redis.redis.get('claimcheck:epoch');
      await redis.redis.flushall();
      if (epoch !== null) await redis.redis.set('claimcheck:epoch', epoch);
    },
    async close() {
      await ledger.close();
      connection.disconnect();
      await redis.stop();
      await keyServer.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * @param {{ key: SigningKey, file: ClaimedFile, fence: string, count: number, audience?: string, nowMs?: number }} order
 * @returns {Promise<string[]>}
 */
export async function mintMany({
  key,
  file,
  fence,
  count,
  audience = AUDIENCE,
  nowMs = Date.now(),
}) {
  const tokens = [];
  const sentence = () => ({
    iss: ISSUER,
    aud: audience,
    sub: 'q3cWlYvGxq0a',
    act: /** @type {const} */ ('download'),
    jti: newNonce(),
    fen: fence,
    ses: 'b1oT4fQm7yZx',
    fil: file,
    mod: /** @type {const} */ ('strict'),
  });
  while (tokens.length < count) {
    const atOnce = Math.min(MINT_AT_ONCE, count - tokens.length);
    const minted = await Promise.all(
      Array.from({ length: atOnce }, () => mintClaim(key, sentence(), nowMs, LIFE_SECONDS)),
    );
    for (const { token } of minted) tokens.push(token);
  }
  return tokens;
}

/**
 * Random blocks, so that no layer can make them smaller; the same block again for large files.
 * @param {string} root
 * @param {string} name
 * @param {number} bytes
 * @returns {Promise<ClaimedFile>}
 */
async function writeFileOf(root, name, bytes) {
  const key = `${name.replaceAll(' ', '-')}.bin`;
  const path = join(root, key);
  const block = randomBytes(Math.min(bytes, BLOCK_BYTES));
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  for (let written = 0; written < bytes; written += block.length) {
    const part = block.subarray(0, Math.min(block.length, bytes - written));
    await handle.write(part);
    hash.update(part);
  }
  await handle.close();
  const { size, mtimeMs } = await stat(path);
  const sha256 = hash.digest('base64url');
  const type = 'application/octet-stream';
  return { key, name: 'report 2026.bin', type, size, sha256, mtime: Math.trunc(mtimeMs) };
}

/**
 * A server that its load has left still burns what it had begun: a burn that came after `forget` would spoil
 * the next peer's claim. Quiet is when Redis has heard nobody but us for a while.
 * @param {import('ioredis').Redis} redis
 */
async function untilQuiet(redis) {
  let quiet = 0;
  let before = NaN;
  while (quiet < QUIET_TIMES) {
    const info = await redis.info('stats');
    const commands = Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
    quiet = commands - before <= 1 ? quiet + 1 : 0;
    before = commands;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

/** @param {SigningKey} key */
async function publish(key) {
  const document = JSON.stringify(publishKeys({ all: [key] }));
  const server = createServer((_, response) => void response.end(document));
  await new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/.well-known/claimcheck/keys`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      }),
  };
}
