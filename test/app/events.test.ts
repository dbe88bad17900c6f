// Events on their way from the ledger into the claims list: each once, whatever happens meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as Postgres } from 'pg';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Ledger, LedgerEvent } from '@claimcheck/shared/ledger';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import { burn, claimOf, findClaim, mint, upload, type ListedClaim } from './files-and-claims.js';
import { startTestAppServer, type StartOptions, type TestAppServer } from './start-app-server.js';

/** How soon an event has to be in the list, in milliseconds. */
const SOON_MS = 2000;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: StartOptions = {}): Promise<{ app: TestAppServer; client: Client }> {
  // PostgreSQL where nothing speaks for PGlite: it starts in a third of the time.
  const app = await startTestAppServer({ databaseUrl: await createDatabase(), ...options });
  cleanups.push(() => app.stop());
  return { app, client: await app.signedIn() };
}

async function untilListed(
  client: Client,
  id: string,
  expected: Partial<ListedClaim>,
  withinMs = SOON_MS,
): Promise<ListedClaim> {
  return await waitFor(
    `the list shows ${JSON.stringify(expected)}`,
    async () => {
      const claim = await findClaim(client, id);
      return Object.entries(expected).every(
        ([name, value]) => claim[name as keyof ListedClaim] === value,
      )
        ? claim
        : undefined;
    },
    withinMs,
  );
}

describe.each([
  ['memory and PGlite', async (): Promise<StartOptions> => ({ databaseUrl: '' })],
  [
    'Redis and PostgreSQL',
    async () => ({ redisUrl: sharedRedisUrl(), databaseUrl: await createDatabase() }),
  ],
])('with %s', (_, options) => {
  test('start, bytes, end and refusals of a claim are listed within two seconds', async () => {
    const { app, client } = await start(await options());
    const file = await upload(client, 'x', 'content');
    const [whole, broken, unused] = [
      await mint(client, file.id),
      await mint(client, file.id),
      await mint(client, file.id),
    ];
    for (const { url } of [whole, broken]) {
      expect(await burn(app.ledger, await claimOf(app, url))).toBe('burned');
    }
    await untilListed(client, whole.id, { state: 'started', bytesSent: 0 });

    await app.ledger.record({ kind: 'finished', claimId: whole.id, bytes: 7 });
    await app.ledger.record({ kind: 'broken-off', claimId: broken.id, bytes: 3 });
    for (let i = 0; i < 3; i += 1) {
      await app.ledger.record({ kind: 'refused', claimId: whole.id, bytes: 0 });
    }
    const told = await untilListed(client, whole.id, { refusedCount: 3 });
    expect(told).toMatchObject({ state: 'finished', bytesSent: 7 });
    const [startedAt, endedAt] = [told.startedAt ?? '', told.endedAt ?? ''];
    expect(Date.parse(endedAt)).toBeGreaterThanOrEqual(Date.parse(startedAt));
    expect(Date.parse(told.lastRefusedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(startedAt));
    await untilListed(client, broken.id, { state: 'broken-off', bytesSent: 3, refusedCount: 0 });
    await untilListed(client, unused.id, { state: 'waiting', refusedCount: 0 });
  });
});

/** Hands over events of the test's own, each again and again until it is acknowledged. */
function feedOf(queue: LedgerEvent[], acknowledge: (ids: readonly string[]) => void) {
  return (ledger: Ledger): Ledger => ({
    ...ledger,
    events: () => ({
      next: async () => [...queue],
      acknowledge: async (ids) => {
        acknowledge(ids);
        queue.splice(0, queue.length, ...queue.filter(({ id }) => !ids.includes(id)));
      },
    }),
  });
}

test('an event that is delivered again because its acknowledgement was lost counts once', async () => {
  const queue: LedgerEvent[] = [];
  let lost = 0;
  const wrapLedger = feedOf(queue, () => {
    if (lost < 2) {
      lost += 1;
      throw new Error('the acknowledgement was lost');
    }
  });
  const { client } = await start({ wrapLedger });
  const { id } = await mint(client, (await upload(client, 'x')).id);
  const atMs = Date.now();
  queue.push(
    { id: '1', kind: 'started', claimId: id, bytes: 0, firstByte: 0, open: 0, atMs },
    { id: '2', kind: 'finished', claimId: id, bytes: 12, firstByte: 0, open: 0, atMs },
    { id: '3', kind: 'refused', claimId: id, bytes: 0, firstByte: 0, open: 0, atMs },
  );
  await waitFor('all are acknowledged', () => queue.length === 0);
  expect(lost).toBe(2);
  expect(await findClaim(client, id)).toMatchObject({ bytesSent: 12, refusedCount: 1 });
});

test('events of another life of the ledger with the same ids are not taken for the old ones', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-app-'));
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  const ids: string[] = [];
  for (let life = 0; life < 2; life += 1) {
    const app = await startTestAppServer({ dataDir });
    const client = await app.signedIn();
    const { id, url } = await mint(client, (await upload(client, 'x')).id);
    ids.push(id);
    // The first event of each life: the memory ledger calls both "1".
    expect(await burn(app.ledger, await claimOf(app, url))).toBe('burned');
    for (const claim of ids) await untilListed(client, claim, { state: 'started' });
    await app.stop();
  }
});

test('what is not an event of a claim in the list is passed over, and what follows is not', async () => {
  const queue: LedgerEvent[] = [];
  const { app, client } = await start({ wrapLedger: feedOf(queue, () => {}) });
  const { id } = await mint(client, (await upload(client, 'x')).id);
  const good: LedgerEvent = {
    id: '9',
    kind: 'started',
    claimId: id,
    bytes: 0,
    firstByte: 0,
    open: 0,
    atMs: Date.now(),
  };
  queue.push(
    { ...good, id: '1', kind: 'exploded' as LedgerEvent['kind'] },
    { ...good, id: '2', claimId: '' },
    { ...good, id: '3', bytes: Number.NaN },
    { ...good, id: '4', bytes: -1 },
    { ...good, id: '5', atMs: Number.POSITIVE_INFINITY },
    { ...good, id: '6', claimId: 'a-sign-in-link' },
    good,
  );
  await untilListed(client, id, { state: 'started' });
  await waitFor('all are acknowledged', () => queue.length === 0);
  expect(app.logged()).not.toContain('events cannot be followed');
});

test('of one claim’s refusals a thousand are kept, so that a used link cannot fill the table', async () => {
  const { app, client } = await start();
  const { id, url } = await mint(client, (await upload(client, 'x')).id);
  await burn(app.ledger, await claimOf(app, url));
  for (let i = 0; i < 1700; i += 1) {
    await app.ledger.record({ kind: 'refused', claimId: id, bytes: 0 });
  }
  await app.ledger.record({ kind: 'finished', claimId: id, bytes: 12 });
  expect(await untilListed(client, id, { state: 'finished' }, 10_000)).toMatchObject({
    refusedCount: 1000,
  });
});

/** Whether the log says that events cannot be taken now. */
const saysOutage = (app: TestAppServer) =>
  /"loop":"events".*background work cannot go on/.test(app.logged());

test('events wait in the ledger while the database is away', async () => {
  const databaseUrl = await createDatabase();
  const { app, client } = await start({ redisUrl: sharedRedisUrl(), databaseUrl });
  const { id, url } = await mint(client, (await upload(client, 'x')).id);
  const claim = await claimOf(app, url);
  const name = new URL(databaseUrl).pathname.slice(1);
  const admin = new Postgres({ connectionString: process.env['TEST_DATABASE_ADMIN_URL'] });
  await admin.connect();
  cleanups.push(() => admin.end());
  await admin.query(`alter database ${name} allow_connections false`);
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  );
  expect(await burn(app.ledger, claim)).toBe('burned');
  await waitFor('the outage is logged', () => saysOutage(app));
  await admin.query(`alter database ${name} allow_connections true`);
  await untilListed(client, id, { state: 'started' }, 10_000);
});

test('events that came while the ledger stood still are listed when it goes on', async () => {
  const redis = await startRedis();
  cleanups.push(() => redis.stop());
  const { app, client } = await start({ redisUrl: redis.url });
  const { id, url } = await mint(client, (await upload(client, 'x')).id);
  const claim = await claimOf(app, url);
  redis.suspend();
  await waitFor('the outage is logged', () => saysOutage(app));
  redis.resume();
  await waitFor('the ledger answers', async () => {
    const outcome = await burn(app.ledger, claim).catch(() => undefined);
    return outcome === 'burned' || outcome === 'already-used';
  });
  // The sessions are in the same Redis, over a connection of their own.
  await waitFor('the list answers', async () => (await client.get('/api/claims')).status === 200);
  await untilListed(client, id, { state: 'started' }, 10_000);
});
