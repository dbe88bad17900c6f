// Two app servers on one directory of keys, two download servers and a Redis, each a process, and the `keys` command
// beside them. Each download server reads its keys from another app server, one of them over a wire that can be cut.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '../app/client.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { startRelay, type Relay } from '../support/relay.js';
import { waitFor } from '../support/wait-for.js';
import { root } from '../system/start-system.js';

const ADMIN = { email: 'ada@example.org', password: 'correct horse battery' };

export interface Fleet {
  dataDir: string;
  databaseUrl: string;
  /** Signed in, one at each app server. */
  clients: Client[];
  appUrls: string[];
  downloadUrls: string[];
  redis: TestRedis;
  /** Between the second download server and the app server that it has its keys from. */
  wire: Relay;
  /** Runs `keys` with these words; resolves to its exit status and what it printed. */
  keys(...words: string[]): Promise<{ status: number | string; output: string }>;
  stop(): Promise<void>;
}

/** @param settings of all processes. */
export async function startFleet(settings: Record<string, string>): Promise<Fleet> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-fleet-'));
  const redis = await startRedis();
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort());
  const [app1 = 0, app2 = 0, download1 = 0, download2 = 0] = [...ports];
  const databaseUrl = await createDatabase();
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    LOG_LEVEL: 'info',
    APP_ORIGIN: `http://localhost:${app1}`,
    DOWNLOAD_ORIGIN: `http://localhost:${download1}`,
    DATA_DIR: dataDir,
    REDIS_URL: redis.url,
    DATABASE_URL: databaseUrl,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ...settings,
  };
  const children: Child[] = [];
  const start = async (script: string, port: number, env: Record<string, string>) => {
    const child = startChild(process.execPath, [join(root, script)], {
      cwd: root,
      env: { ...environment, ...env },
    });
    children.push(child);
    await waitFor(
      `${script} is ready\n${child.output()}`,
      () =>
        fetch(`http://localhost:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      60_000,
    );
  };
  const keysAt = (port: number) => `http://127.0.0.1:${port}/.well-known/claimcheck/keys`;
  const main = (name: string) => `packages/${name}/dist/main.js`;
  await start(main('app-server'), app1, { APP_PORT: String(app1) });
  await start(main('app-server'), app2, { APP_PORT: String(app2) });
  const wire = await startRelay();
  wire.leadTo(app2);
  await start(main('download-server'), download1, {
    DOWNLOAD_PORT: String(download1),
    KEYS_URL: keysAt(app1),
  });
  await start(main('download-server'), download2, {
    DOWNLOAD_PORT: String(download2),
    KEYS_URL: keysAt(wire.port),
  });
  const appUrls = [app1, app2].map((port) => `http://localhost:${port}`);
  const clients: Client[] = [];
  for (const url of appUrls) {
    const client = createClient(url, environment.APP_ORIGIN);
    const answer = await client.json('POST', '/api/session', ADMIN);
    if (answer.status !== 204) throw new Error(`sign-in gave ${answer.status}`);
    clients.push(client);
  }
  return {
    dataDir,
    databaseUrl,
    clients,
    appUrls,
    downloadUrls: [download1, download2].map((port) => `http://localhost:${port}`),
    redis,
    wire,
    keys: async (...words) => {
      const script = join(root, 'packages/app-server/dist/keys/command/main.js');
      const child = startChild(process.execPath, [script, ...words], {
        cwd: root,
        env: environment,
      });
      return { status: await child.ended, output: child.output() };
    },
    stop: async () => {
      await Promise.all(children.map((child) => child.end('SIGTERM')));
      await wire.stop();
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
