// What an operator meets at the start and at the stop: clear words when something is wrong, and
// running downloads that finish.
import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startChild } from '../support/child.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { mint, root, startInOneProcess, upload, type System } from './start-system.js';

const START = 'scripts/start.mjs';
const APP = 'packages/app-server/dist/main.js';
const DOWNLOAD = 'packages/download-server/dist/main.js';

/** Runs an executable that is expected to give up, and returns what it said. */
async function giveUp(args: string[], env: Record<string, string>): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-start-'));
  try {
    const child = startChild(process.execPath, args, {
      cwd: root,
      env: {
        PATH: process.env['PATH'] ?? '',
        DATA_DIR: dataDir,
        APP_PORT: '1',
        DOWNLOAD_PORT: '2',
        ...env,
      },
    });
    expect({ status: await child.ended, output: child.output() }).toMatchObject({ status: 1 });
    // An operator reads a message, not a stack.
    expect(child.output()).not.toMatch(/^\s+at .*\(/m);
    return child.output();
  } finally {
    await rm(dataDir, { recursive: true });
  }
}

describe('a start that cannot succeed', () => {
  test('says that Node is too old', async () => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })`;
    const said = await giveUp(
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, START],
      {},
    );
    expect(said).toContain('claimcheck needs Node 20.19 or later');
  });

  test('names every wrong setting at once', async () => {
    const said = await giveUp([START], {
      APP_PORT: 'http',
      APP_ORIGIN: 'http://example.org',
      LOG_LEVEL: 'loud',
    });
    expect(said).toMatch(/APP_PORT is "http"; expected a whole number from 0 to 65535/);
    expect(said).toMatch(/APP_ORIGIN is "http:\/\/example\.org"; expected an https/);
    expect(said).toMatch(/LOG_LEVEL is "loud"; expected one of silent/);
  });

  test('names the port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const said = await giveUp([START], { APP_PORT: String(port) });
      expect(said).toContain(
        `port ${port} is already in use; stop the other program or set APP_PORT`,
      );
    } finally {
      other.close();
    }
  });

  test('names the directory that cannot be written', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'claimcheck-file-')), 'file');
    await writeFile(file, '');
    const said = await giveUp([START], { DATA_DIR: join(file, 'data') });
    expect(said).toMatch(/DATA_DIR: the directory .*\/file\/data cannot be written/);
    await rm(join(file, '..'), { recursive: true });
  });

  test.each([APP, DOWNLOAD])('asks for REDIS_URL when %s runs alone', async (script) => {
    expect(await giveUp([script], {})).toMatch(
      /REDIS_URL is not set; expected the Redis that app server/,
    );
  });

  test.each([APP, DOWNLOAD, START])('refuses a Redis that evicts (%s)', async (script) => {
    const redis = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
    try {
      const said = await giveUp([script], { REDIS_URL: redis.url });
      expect(said).toMatch(/maxmemory-policy allkeys-lru[\s\S]*noeviction/);
    } finally {
      await redis.stop();
    }
  });
});

describe('a stop', () => {
  const SIZE = 8 * 1024 * 1024;

  /** Starts a download and lets it stand after its head: the rest waits in the sockets and the server. */
  async function startDownload(url: string): Promise<IncomingMessage> {
    return await new Promise((resolve, reject) => {
      get(url, resolve).on('error', reject);
    });
  }

  async function finish(response: IncomingMessage): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of response) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  async function withRunningDownload(
    use: (system: System, response: IncomingMessage, sha256: string) => Promise<void>,
  ): Promise<void> {
    const system = await startInOneProcess();
    try {
      const client = await system.signIn();
      const file = await upload(client, SIZE);
      const claim = await mint(client, file.id);
      await use(
        system,
        await startDownload(claim.url),
        createHash('sha256').update(file.content).digest('hex'),
      );
    } finally {
      await system.stop();
    }
  }

  test('lets a running download finish, takes no new one, and ends with status 0', async () => {
    await withRunningDownload(async (system, response, sha256) => {
      const { process: child } = system.app;
      child.kill('SIGTERM');
      await waitFor('no new connection is taken', () =>
        fetch(`${system.downloadUrls[0]}/livez`).then(
          () => false,
          () => true,
        ),
      );
      expect(child.exitCode).toBeNull();
      expect(await finish(response)).toBe(sha256);
      expect(await system.app.ended).toBe(0);
    });
  });

  test('asked for twice by one Ctrl-C, as npm does, is still one stop', async () => {
    await withRunningDownload(async (system, response, sha256) => {
      system.app.process.kill('SIGINT');
      await waitFor('the first signal is seen', () => system.app.output().includes('stopping'));
      system.app.process.kill('SIGINT');
      expect(await finish(response)).toBe(sha256);
      expect(await system.app.ended).toBe(0);
    });
  });

  test('asked for again later ends at once', async () => {
    await withRunningDownload(async (system, response) => {
      response.on('error', () => {});
      system.app.process.kill('SIGTERM');
      await waitFor('the process ends', () => {
        system.app.process.kill('SIGTERM');
        return system.app.process.exitCode !== null;
      });
      expect(await system.app.ended).toBe(1);
    });
  });
});
