// Starting and stopping: as a part of a process, and as the process that operators run.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce, type SigningKey } from '@claimcheck/shared/mint';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { addFile, AUDIENCE, ISSUER, startTestDownloadServer } from './start-download-server.js';
import { startKeyServer, type TestKeyServer } from './start-key-server.js';

const LARGE = 40_000_000;

describe('a stop', () => {
  it('lets running downloads finish, takes no new ones, and then closes everything', async () => {
    const on = await startTestDownloadServer();
    const file = await on.addFile(Buffer.alloc(LARGE));
    const [running, late] = [await on.mint(file), await on.mint(file)];
    const agent = new Agent({ keepAlive: true });
    const get = (url: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        httpRequest(url, { agent }, resolve).on('error', reject).end();
      });
    // A connection of its own, idle in keep-alive, and one that will ask again after the stop.
    const idle = await get(`${on.url}/livez`);
    idle.resume();
    const asking = connect(on.server.port, '127.0.0.1');
    const answers: string[] = [];
    asking.setEncoding('utf8').on('data', (text: string) => answers.push(text));
    asking.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /d/');
    await waitFor('it has asked', () => answers.join('').includes('alive'));
    const response = await get(running.url);
    let stopped = false;
    const stop = on.server.stop().then(() => (stopped = true));
    await expect(fetch(`${on.url}/livez`)).rejects.toThrow();
    asking.write(`${late.token} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await waitFor('it is answered', () => /HTTP\/1.1 503[^]*busy/.test(answers.join('')));
    expect(answers.join('')).toMatch(/connection: close/i);
    expect(stopped).toBe(false);
    expect(on.logged).toContainEqual(
      expect.objectContaining({ msg: 'stopping: downloads still running', downloads: 1 }),
    );
    let received = 0;
    for await (const part of response as AsyncIterable<Buffer>) received += part.length;
    expect(received).toBe(LARGE);
    await stop;
    expect(on.ledger.burns).toHaveLength(1);
    expect(on.ledger.recorded).toEqual([`finished ${running.claim.jti} ${LARGE}`]);
    agent.destroy();
    await on.stop();
  });
});

describe('the process', () => {
  let redis: TestRedis;
  let key: SigningKey;
  let keyServer: TestKeyServer;
  let root: string;
  let port: number;
  let children: Child[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    key = await generateSigningKey();
    keyServer = await startKeyServer([key]);
    root = await mkdtemp(join(tmpdir(), 'claimcheck-files-'));
    port = await freePort();
  });
  afterAll(async () => {
    for (const child of children) await child.end('SIGKILL');
    await keyServer.stop();
    await redis.stop();
    await rm(root, { recursive: true });
  });

  function start(env: Record<string, string> = {}): Child {
    const main = new URL('../../../packages/download-server/dist/main.js', import.meta.url);
    const child = startChild(process.execPath, [main.pathname], {
      env: {
        PATH: process.env['PATH'],
        DOWNLOAD_PORT: String(port),
        DOWNLOAD_ORIGIN: AUDIENCE,
        APP_ORIGIN: ISSUER,
        KEYS_URL: keyServer.url,
        FILES_ROOT: root,
        REDIS_URL: redis.url,
        ...env,
      },
    });
    children = [...children, child];
    return child;
  }

  async function readiness(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return response?.status ?? 0;
  }

  async function becomes(status: number): Promise<void> {
    await waitFor(`/readyz answers ${status}`, async () => (await readiness()) === status);
  }

  async function mintUrl(): Promise<string> {
    const connection = connectRedis(redis.url);
    const ledger = createRedisLedger({ redis: connection });
    const jti = newNonce();
    const fen = await waitFor('the fence', () => ledger.fence(jti).catch(() => undefined));
    await ledger.close();
    connection.disconnect();
    const fil = await addFile(root, 'content');
    const { token } = await mintClaim<'download'>(
      key,
      {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: 'a',
        act: 'download',
        mod: 'strict',
        jti,
        fen,
        fil,
      },
      Date.now(),
    );
    return `http://127.0.0.1:${port}/d/${token}`;
  }

  it('starts while Redis is away, is ready when it comes, and ends at SIGTERM', async () => {
    await redis.kill();
    const child = start();
    await becomes(503);
    await redis.restart();
    await becomes(200);
    expect(await (await fetch(await mintUrl())).text()).toBe('content');
    const claimOfBefore = await mintUrl();
    redis.suspend();
    await becomes(503);
    const refused = await fetch(claimOfBefore);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    redis.resume();
    await becomes(200);
    expect(await (await fetch(claimOfBefore)).text()).toBe('content');
    const lost = await mintUrl();
    await redis.restart();
    await becomes(200);
    expect(await (await fetch(lost)).text()).toContain('superseded');
    expect(await (await fetch(await mintUrl())).text()).toBe('content');
    expect(await child.end('SIGTERM')).toBe(0);
    expect(child.output().split('is away; trying on').length - 1).toBeLessThanOrEqual(3);
    expect(child.output()).not.toContain('v4.public.');
  });

  it.each([
    [
      'no Redis',
      { REDIS_URL: '' },
      /^configuration refused:\n {2}- REDIS_URL is not set; expected the Redis/,
    ],
    [
      'a root that is not there',
      { FILES_ROOT: '/nowhere' },
      /^FILES_ROOT is \/nowhere, which does not exist/,
    ],
    [
      'two faults',
      { DOWNLOAD_PORT: 'x', LOG_LEVEL: 'y' },
      /DOWNLOAD_PORT is "x".*\n.*LOG_LEVEL is "y"/,
    ],
  ])('refuses to start with %s, in one readable message', async (_, env, message) => {
    const child = start(env);
    expect(await child.ended).toBe(1);
    expect(child.output().trim()).toMatch(message);
    expect(child.output()).not.toMatch(/^ {4}at /m);
  });

  it('refuses to start on a port that is taken, and names the variable', async () => {
    const child = start({ DOWNLOAD_PORT: String(redis.port) });
    expect(await child.ended).toBe(1);
    expect(child.output()).toContain('set DOWNLOAD_PORT to a free port');
  });

  it('refuses a Redis that may evict burned nonces', async () => {
    const evicting = await startRedis(['--maxmemory-policy', 'allkeys-lru']);
    const child = start({ REDIS_URL: evicting.url });
    expect(await child.ended).toBe(1);
    expect(child.output()).toContain('maxmemory-policy allkeys-lru');
    await evicting.stop();
  });
});
