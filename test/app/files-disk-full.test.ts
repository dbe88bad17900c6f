// A disk without room, as far as one can have it without mounting one: the server runs as a child
// process whose files may not grow beyond a limit, and its write fails as on a full disk.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { startChild } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { createClient } from './client.js';
import { ADMIN } from './start-app-server.js';

/** In units of `ulimit -f`, which are 512 or 1024 bytes. */
const LIMIT_BLOCKS = 2048;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

test('an upload that finds no room is answered 507 and leaves nothing, and the next one works', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-app-'));
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  const redis = await startRedis();
  cleanups.push(() => redis.stop());
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const entry = createRequire(import.meta.url).resolve('@claimcheck/app-server');
  const child = startChild(
    'sh',
    [
      '-c',
      `ulimit -f ${LIMIT_BLOCKS}; exec "$0" "$1"`,
      process.execPath,
      join(dirname(entry), 'main.js'),
    ],
    {
      env: {
        PATH: process.env['PATH'],
        APP_PORT: String(port),
        DATA_DIR: dataDir,
        REDIS_URL: redis.url,
        DATABASE_URL: await createDatabase(),
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
      },
    },
  );
  cleanups.push(() => child.end());
  const client = createClient(`http://127.0.0.1:${port}`, origin);
  await waitFor(
    'the server listens',
    async () => {
      if (child.process.exitCode !== null) throw new Error(child.output());
      return (await client.get('/livez').catch(() => undefined))?.ok;
    },
    30_000,
  );
  expect((await client.json('POST', '/api/session', ADMIN)).status).toBe(204);

  const refused = await client.request('PUT', '/api/files?name=big', {
    body: Buffer.alloc(3 << 20),
  });
  expect(refused.status).toBe(507);
  expect(await refused.json()).toMatchObject({ type: 'urn:claimcheck:problem:storage-full' });
  expect(await readdir(join(dataDir, 'files', '.incoming'))).toEqual([]);
  expect(await (await client.get('/api/files')).json()).toEqual({ files: [] });

  const stored = await client.request('PUT', '/api/files?name=small', { body: 'x' });
  expect(stored.status).toBe(201);
});
