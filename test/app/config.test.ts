// The configuration: defaults, and that each fault is refused by the name of its variable.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readConfig } from '@claimcheck/app-server';
import { startChild } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { sharedRedisUrl, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { ADMIN, startTestAppServer } from './start-app-server.js';

test('an empty environment gives the embedded defaults', () => {
  const { hashConcurrency, ...config } = readConfig({});
  expect(hashConcurrency).toBeGreaterThanOrEqual(1);
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 3000,
    appOrigin: 'http://localhost:3000',
    downloadOrigin: 'http://localhost:3001',
    dataDir: resolve('data'),
    filesRoot: resolve('data/files'),
    keys: {
      directory: resolve('data/keys'),
      wrapping: { passphrase: undefined, passphraseFile: undefined, wrapFile: undefined },
      publishAheadSeconds: 130,
      rotationDays: undefined,
    },
    keysMaxAgeSeconds: 60,
    redisUrl: undefined,
    databaseUrl: undefined,
    firstAdmin: undefined,
    logLevel: 'info',
    maxFileBytes: 10 * 2 ** 30,
    trustProxy: false,
    sessionIdleSeconds: 7 * 86_400,
    sessionLifeSeconds: 30 * 86_400,
    maxSessions: 20,
    sessionLimitAction: 'end-oldest',
    rememberSeconds: 30 * 86_400,
    mailedLinks: { 'sign-in': true, 'reset-password': true },
    requireSecondFactor: 'off',
    geoipFile: undefined,
    smtp: undefined,
    mailFrom: { name: 'claimcheck', address: 'no-reply@localhost' },
    webhookAllowPrivate: false,
    metricsHost: '127.0.0.1',
    metricsPort: undefined,
    provider: undefined,
    handOff: { to: [], from: [], accounts: 'connected' },
    quota: { bytes: null, files: null, linksPerDay: null },
    auditRetentionDays: undefined,
  });
});

test('the origins follow the ports unless they are set', () => {
  const byPort = readConfig({ APP_PORT: '4000', DOWNLOAD_PORT: '4001' });
  expect([byPort.appOrigin, byPort.downloadOrigin]).toEqual([
    'http://localhost:4000',
    'http://localhost:4001',
  ]);
  expect(readConfig({ APP_ORIGIN: 'https://app.example.org/' }).appOrigin).toBe(
    'https://app.example.org',
  );
});

describe('a fault is refused by name', () => {
  test.each([
    ['APP_PORT', { APP_PORT: '70000' }],
    ['APP_PORT', { APP_PORT: '3000x' }],
    ['APP_ORIGIN', { APP_PORT: '0' }],
    ['APP_ORIGIN', { APP_ORIGIN: 'http://app.example.org' }],
    ['APP_ORIGIN', { APP_ORIGIN: 'https://app.example.org/path' }],
    ['DOWNLOAD_ORIGIN', { DOWNLOAD_ORIGIN: 'files.example.org' }],
    ['DOWNLOAD_ORIGIN', { DOWNLOAD_ORIGIN: 'http://localhost:3000' }],
    ['REDIS_URL', { REDIS_URL: 'localhost:6379' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://localhost/x' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'verbose' }],
    ['MAX_FILE_BYTES', { MAX_FILE_BYTES: '10G' }],
    ['MAX_FILE_BYTES', { MAX_FILE_BYTES: '0' }],
    ['TRUST_PROXY', { TRUST_PROXY: 'yes' }],
    ['SESSION_IDLE_SECONDS', { SESSION_IDLE_SECONDS: '5' }],
    ['SESSION_IDLE_SECONDS', { SESSION_IDLE_SECONDS: '7200', SESSION_LIFE_SECONDS: '3600' }],
    ['SESSION_LIFE_SECONDS', { SESSION_LIFE_SECONDS: '-1' }],
    ['MAX_SESSIONS', { MAX_SESSIONS: '0' }],
    ['SESSION_LIMIT_ACTION', { SESSION_LIMIT_ACTION: 'ask' }],
    ['REMEMBER_SECONDS', { REMEMBER_SECONDS: '59' }],
    ['SIGN_IN_LINKS', { SIGN_IN_LINKS: '0' }],
    ['RESET_LINKS', { RESET_LINKS: 'false' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'a@example.org' }],
    ['ADMIN_EMAIL', { ADMIN_PASSWORD: 'long enough it is' }],
    ['ADMIN_EMAIL', { ADMIN_EMAIL: 'nobody', ADMIN_PASSWORD: 'long enough it is' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'a@example.org', ADMIN_PASSWORD: 'short' }],
  ])('%s in %j', (name, env) => {
    expect(() => readConfig(env)).toThrow(new RegExp(`^ {2}- ${name} `, 'm'));
  });

  test.each([
    [{ SIGN_IN_LINKS: 'off' }, { 'sign-in': false, 'reset-password': true }],
    [{ RESET_LINKS: 'off' }, { 'sign-in': true, 'reset-password': false }],
    [
      { SIGN_IN_LINKS: 'on', RESET_LINKS: 'on' },
      { 'sign-in': true, 'reset-password': true },
    ],
  ])('and %j is none', (env, mailedLinks) => {
    expect(readConfig(env).mailedLinks).toEqual(mailedLinks);
  });

  test('all of them together', () => {
    const env = { APP_PORT: 'x', LOG_LEVEL: 'y', MAX_SESSIONS: 'z' };
    expect(() => readConfig(env)).toThrow(/APP_PORT[\s\S]*LOG_LEVEL[\s\S]*MAX_SESSIONS/);
  });

  test('without quoting a password', () => {
    const env = {
      ADMIN_EMAIL: 'nobody',
      ADMIN_PASSWORD: 'hushhush',
      DATABASE_URL: 'mysql://me:hushhush@localhost/x',
    };
    expect(() => readConfig(env)).toThrow('ADMIN_PASSWORD');
    expect(() => readConfig(env)).not.toThrow('hushhush');
  });
});

test.each(['DATA_DIR', 'FILES_ROOT'])(
  '%s that cannot be a directory is named at start',
  async (name) => {
    const directory = await mkdtemp(join(tmpdir(), 'claimcheck-config-'));
    const blocked = join(directory, 'a-file');
    await writeFile(blocked, '');
    try {
      const config =
        name === 'DATA_DIR'
          ? { dataDir: blocked }
          : { dataDir: join(directory, 'data'), filesRoot: join(blocked, 'files') };
      await expect(startTestAppServer({ config })).rejects.toThrow(
        new RegExp(`^${name}: the directory ${blocked}.* cannot be written`),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);

describe('the process', () => {
  const main = resolve('packages/app-server/dist/main.js');

  test('without REDIS_URL ends at once with one readable message', async () => {
    const child = startChild(process.execPath, [main], { env: { PATH: process.env['PATH'] } });
    expect(await child.ended).toBe(1);
    expect(child.output()).toMatch(/^\s*configuration refused:\n {2}- REDIS_URL is not set/);
    expect(child.output()).not.toContain('    at ');
  });

  test('starts, prints the first sign-in link, serves, and stops at SIGTERM with status 0', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claimcheck-main-'));
    const port = await freePort();
    const child = startChild(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        APP_PORT: String(port),
        DATA_DIR: directory,
        REDIS_URL: sharedRedisUrl(),
      },
    });
    try {
      const link = await waitFor(
        'the link is printed',
        () => /http:\/\/localhost:\d+\/sign-in\/link\/v4\.public\.\S+/.exec(child.output())?.[0],
        30_000,
      );
      const page = await fetch(link.replace('localhost', '127.0.0.1'));
      expect(page.status).toBe(200);
      expect(await child.end('SIGTERM')).toBe(0);
    } finally {
      await child.end('SIGKILL');
      await rm(directory, { recursive: true });
    }
  });

  test('starts while Redis is away, says that it is not ready, and is once Redis comes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claimcheck-main-'));
    const port = await freePort();
    const redis = await startRedis();
    await redis.kill();
    const child = startChild(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        APP_PORT: String(port),
        DATA_DIR: directory,
        REDIS_URL: redis.url,
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
      },
    });
    const readiness = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      return response?.status;
    };
    try {
      await waitFor('it serves', async () => (await readiness()) === 503, 30_000);
      await redis.restart();
      await waitFor('it is ready', async () => (await readiness()) === 200, 30_000);
      expect(await child.end('SIGTERM')).toBe(0);
    } finally {
      await child.end('SIGKILL');
      await redis.stop();
      await rm(directory, { recursive: true });
    }
  });
});
