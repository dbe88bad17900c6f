// An app server of a test's own over real HTTP: temporary DATA_DIR, PGlite unless a database is given,
// memory ledger unless a Redis is. `signedIn()` gives a browser-like client with cookies and Origin.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  readConfig,
  startAppServer,
  type AppConfig,
  type AppMetrics,
  type AppServer,
  type AppServerOptions,
} from '@claimcheck/app-server';
import {
  connectRedis,
  createMemoryLedger,
  createRedisLedger,
  type Ledger,
} from '@claimcheck/shared/ledger';
import { createLogger, type LogLevel } from '@claimcheck/shared/log';
import { waitFor } from '../support/wait-for.js';
import { createClient, type Client } from './client.js';

export const APP_ORIGIN = 'http://localhost:3000';
export const DOWNLOAD_ORIGIN = 'http://localhost:3001';
export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };

export interface StartOptions {
  /** PostgreSQL; PGlite in the data directory without it. */
  databaseUrl?: string;
  /** Redis for ledger, sessions and limits; memory and SQL without it. */
  redisUrl?: string;
  /** An existing one is kept at the end. */
  dataDir?: string;
  /** Without an administrator from the configuration: the first-run link is made. */
  withoutAdmin?: boolean;
  now?: () => number;
  signInAllowances?: AppServerOptions['signInAllowances'];
  /** Changes of the configuration. */
  config?: Partial<AppConfig>;
  /** Changes of the settings of keys; their directory is in the data directory. */
  keys?: Partial<AppConfig['keys']>;
  /** Where it counts; nowhere unless told. */
  metrics?: AppMetrics;
  /** Stands between the server and its ledger. */
  wrapLedger?: (ledger: Ledger) => Ledger;
  logLevel?: LogLevel;
}

export interface TestAppServer {
  server: AppServer;
  url: string;
  config: AppConfig;
  ledger: Ledger;
  /** Everything that was logged, JSON lines. */
  logged(): string;
  /** A client without cookies. */
  visitor(): Client;
  /** A client signed in as the administrator, or as somebody else. */
  signedIn(as?: { email: string; password: string }): Promise<Client>;
  /** Adds an account by the administrator and signs it in. */
  addMember(email?: string): Promise<Client>;
  stop(): Promise<void>;
}

export async function startTestAppServer(options: StartOptions = {}): Promise<TestAppServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'claimcheck-app-')));
  const read = readConfig({
    APP_PORT: '0',
    APP_ORIGIN,
    DOWNLOAD_ORIGIN,
    DATA_DIR: dataDir,
    DATABASE_URL: options.databaseUrl,
    REDIS_URL: options.redisUrl,
    ...(options.withoutAdmin ? {} : { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password }),
  });
  const keys = { ...read.keys, ...options.keys };
  const config: AppConfig = { ...read, keys, ...options.config };
  let output = '';
  const log = createLogger('app-server', options.logLevel ?? 'info', {
    write: (line) => (output += line),
  });
  const redisPrefix = `test-${randomBytes(6).toString('hex')}:`;
  const redis = options.redisUrl === undefined ? undefined : connectRedis(options.redisUrl);
  const bare =
    redis === undefined
      ? createMemoryLedger(options.now ? { now: options.now } : {})
      : createRedisLedger({ redis, prefix: redisPrefix });
  const ledger = options.wrapLedger ? options.wrapLedger(bare) : bare;
  const closeAll = async () => {
    await ledger.close();
    redis?.disconnect();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  let server: AppServer;
  try {
    server = await startAppServer({
      config,
      ledger,
      redis,
      redisPrefix,
      log,
      metrics: options.metrics,
      now: options.now,
      signInAllowances: options.signInAllowances,
    });
  } catch (error) {
    await closeAll();
    throw error;
  }
  const url = `http://127.0.0.1:${server.port}`;
  const visitor = () => createClient(url, APP_ORIGIN);
  const signedIn = async (as = ADMIN) => {
    const client = visitor();
    const response = await client.json('POST', '/api/session', as);
    if (response.status !== 204) {
      throw new Error(`signing in gave ${response.status}: ${await response.text()}`);
    }
    return client;
  };
  return {
    server,
    url,
    config,
    ledger,
    logged: () => output,
    visitor,
    signedIn,
    addMember: async (email = `member-${randomBytes(4).toString('hex')}@example.org`) => {
      const password = 'a password for a member';
      const admin = await signedIn();
      const added = await admin.json('POST', '/api/accounts', { email, password, role: 'member' });
      if (added.status !== 201) throw new Error(`adding an account gave ${added.status}`);
      return await signedIn({ email, password });
    },
    stop: async () => {
      await waitFor('the app server stops', async () => (await server.stop(), true));
      await closeAll();
    },
  };
}
