// The app server as a process of its own, over a database that outlives it: what is under test is what
// a killed process leaves behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Client } from '../app/client.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { root } from '../system/start-system.js';

const ADMIN = { email: 'ada@example.org', password: 'correct horse battery' };

export interface AppProcess {
  child: Child;
  url: string;
  signIn(): Promise<Client>;
}

export interface AppHome {
  databaseUrl: string;
  dataDir: string;
  /** Starts an app server here; several may run at a time. */
  start(smtpUrl: string): Promise<AppProcess>;
  /** Ends every process that was started, and forgets the files. */
  leave(): Promise<void>;
}

export async function makeAppHome(): Promise<AppHome> {
  const databaseUrl = await createDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-mail-'));
  const children: Child[] = [];
  return {
    databaseUrl,
    dataDir,
    start: async (smtpUrl) => {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const child = startChild(process.execPath, [join(root, 'packages/app-server/dist/main.js')], {
        cwd: root,
        env: {
          PATH: process.env['PATH'] ?? '',
          APP_PORT: String(port),
          APP_ORIGIN: url,
          DATA_DIR: dataDir,
          DATABASE_URL: databaseUrl,
          REDIS_URL: sharedRedisUrl(),
          SMTP_URL: smtpUrl,
          MAIL_FROM: 'files@example.org',
          ADMIN_EMAIL: ADMIN.email,
          ADMIN_PASSWORD: ADMIN.password,
        },
      });
      children.push(child);
      await waitFor(
        'the app server is ready',
        async () => {
          if (child.process.exitCode !== null) throw new Error(child.output());
          const answer = await fetch(`${url}/readyz`).catch(() => undefined);
          return answer?.ok;
        },
        60_000,
      );
      return {
        child,
        url,
        signIn: async () => {
          const client = createClient(url, url);
          const response = await client.json('POST', '/api/session', ADMIN);
          if (response.status !== 204) throw new Error(`sign-in gave ${response.status}`);
          return client;
        },
      };
    },
    leave: async () => {
      for (const child of children) await child.end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
