// The whole system as an operator runs it: the real executables as processes of their own, on free
// ports, over a real Redis. Nothing in here reaches into a server; all is HTTP and signals.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from '../app/client.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const ADMIN = { email: 'ada@example.org', password: 'correct horse battery' };

export interface System {
  appUrl: string;
  /** The download servers' own addresses; claims name the first as their audience. */
  downloadUrls: string[];
  app: Child;
  downloads: Child[];
  /** The system's own; undefined when it was given one, or keeps its ledger in memory. */
  redis: TestRedis | undefined;
  dataDir: string;
  /** Signs in; as the administrator unless told otherwise. */
  signIn(as?: { email: string; password: string }): Promise<Client>;
  stop(): Promise<void>;
}

/**
 * App server and `count` download servers, each a process, over one Redis of their own, or a given one.
 * @param settings further ones, or others, for all of them.
 */
export async function startSystem(
  count = 2,
  redisUrl?: string,
  settings: Record<string, string> = {},
): Promise<System> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-system-'));
  const redis = redisUrl === undefined ? await startRedis() : undefined;
  const [appPort, ...downloadPorts] = await freePorts(count + 1, settings['APP_PORT']);
  const environment = {
    ...plainEnvironment(),
    APP_PORT: String(appPort),
    APP_ORIGIN: `http://localhost:${appPort}`,
    DOWNLOAD_ORIGIN: `http://localhost:${downloadPorts[0]}`,
    DATA_DIR: dataDir,
    REDIS_URL: redisUrl ?? redis?.url ?? '',
    DATABASE_URL: await createDatabase(),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...settings,
  };
  const app = startServer('packages/app-server/dist/main.js', environment);
  await untilReady(app, appPort);
  const downloads = downloadPorts.map((port) =>
    startServer('packages/download-server/dist/main.js', {
      ...environment,
      DOWNLOAD_PORT: String(port),
    }),
  );
  await Promise.all(downloads.map((child, i) => untilReady(child, downloadPorts[i])));
  return system({ app, downloads, redis, dataDir, appPort, downloadPorts });
}

/** Both services in one process on the embedded defaults, as `npm start` runs them once it has built. */
export async function startInOneProcess(environment: Record<string, string> = {}): Promise<System> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-one-'));
  const [appPort, downloadPort] = await freePorts(2, environment['APP_PORT']);
  const app = startServer('scripts/serve-both.mjs', {
    ...plainEnvironment(),
    APP_PORT: String(appPort),
    DOWNLOAD_PORT: String(downloadPort),
    DATA_DIR: dataDir,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...environment,
  });
  await untilReady(app, appPort);
  await untilReady(app, downloadPort);
  return system({
    app,
    downloads: [],
    redis: undefined,
    dataDir,
    appPort,
    downloadPorts: [downloadPort],
  });
}

interface Parts extends Pick<System, 'app' | 'downloads' | 'redis' | 'dataDir'> {
  appPort: number | undefined;
  downloadPorts: (number | undefined)[];
}

function system({ app, downloads, redis, dataDir, appPort, downloadPorts }: Parts): System {
  const appUrl = `http://localhost:${appPort}`;
  return {
    appUrl,
    downloadUrls: downloadPorts.map((port) => `http://localhost:${port}`),
    app,
    downloads,
    redis,
    dataDir,
    signIn: async (as = ADMIN) => {
      const client = createClient(appUrl, appUrl);
      const response = await client.json('POST', '/api/session', as);
      if (response.status !== 204)
        throw new Error(`sign-in gave ${response.status}: ${await response.text()}`);
      return client;
    },
    stop: async () => {
      redis?.resume();
      await Promise.all([app, ...downloads].map((child) => child.end('SIGTERM')));
      await redis?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Settings of the person who runs the tests must not leak into the servers under test. */
function plainEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LOG_LEVEL: 'info' };
}

function startServer(script: string, env: Record<string, string>): Child {
  return startChild(process.execPath, [join(root, script)], { cwd: root, env });
}

async function untilReady(child: Child, port: number | undefined): Promise<void> {
  let ended = false;
  void child.ended.then(() => (ended = true));
  await waitFor(
    `a server is ready on port ${port}`,
    async () => {
      if (ended) throw new Error(`the server ended:\n${child.output()}`);
      return await fetch(`http://localhost:${port}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    60_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${child.output()}`);
  });
}

/** The first one may be given: who must know the app server's address before it runs. */
async function freePorts(count: number, first?: string): Promise<number[]> {
  const ports = new Set(first === undefined ? [] : [Number(first)]);
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

export interface Uploaded {
  id: string;
  content: Buffer;
}

/** Text that stands in every file of the tests and in nothing else. */
export const MARK = 'CONFIDENTIAL-';

/** Uploads a file of `size` bytes whose content is its own. */
export async function upload(client: Client, size = 2000, name = 'report.bin'): Promise<Uploaded> {
  const content = Buffer.alloc(size, `${MARK}${randomBytes(12).toString('hex')} `);
  const response = await client.request('PUT', `/api/files?name=${encodeURIComponent(name)}`, {
    body: new Uint8Array(content),
  });
  if (response.status !== 201)
    throw new Error(`upload gave ${response.status}: ${await response.text()}`);
  return { id: ((await response.json()) as { id: string }).id, content };
}

export interface MintedClaim {
  id: string;
  url: string;
  expiresAt: string;
}

export async function mint(
  client: Client,
  fileId: string,
  mode: 'strict' | 'resumable' = 'strict',
): Promise<MintedClaim> {
  const response = await client.json('POST', '/api/claims', { fileId, mode });
  if (response.status !== 201)
    throw new Error(`mint gave ${response.status}: ${await response.text()}`);
  return (await response.json()) as MintedClaim;
}

/** The same claim at another of the download servers. */
export function at(downloadUrl: string | undefined, { url }: MintedClaim): string {
  return new URL(new URL(url).pathname, downloadUrl).href;
}

/** Fetches a claim and says how it was answered: `200`, or `410 already-used` and the like. */
export async function tryDownload(
  url: string,
): Promise<{ outcome: string; body: Buffer; headers: Headers }> {
  const response = await fetch(url);
  const body = Buffer.from(await response.arrayBuffer());
  if (response.ok) return { outcome: String(response.status), body, headers: response.headers };
  const { type = '' } = JSON.parse(body.toString()) as { type?: string };
  return {
    outcome: `${response.status} ${type.replace('urn:claimcheck:problem:', '')}`,
    body,
    headers: response.headers,
  };
}
