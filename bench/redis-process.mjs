// A redis-server of a benchmark's own, on a free loopback port, and what it says about itself.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** @param {string[]} args */
export async function startRedis(args = []) {
  const directory = mkdtempSync(join(tmpdir(), 'claimcheck-bench-'));
  const port = await freePort();
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const child = spawn('redis-server', [...fixed, '--save', '', '--appendonly', 'no', ...args], {
    stdio: 'ignore',
  });
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
  redis.on('error', () => {});
  await redis.ping();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    redis,
    /** Microseconds of CPU the server has used, all threads. */
    cpuMicros: async () => {
      const info = await redis.info('cpu');
      const of = (/** @type {string} */ name) =>
        Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]) * 1e6;
      return of('used_cpu_sys') + of('used_cpu_user');
    },
    /** Bytes of the data alone: without connections, buffers and scripts. */
    datasetBytes: async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]),
    stop: async () => {
      redis.disconnect();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
