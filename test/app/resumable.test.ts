// What the claims list says of a copy that is fetched in parts: how much of it has left, whether somebody is
// still waited for, and when it was whole.
import { afterEach, describe, expect, test } from '@jest/globals';
import { responseRequestOf, type Ledger } from '@claimcheck/shared/ledger';
import type { DownloadClaim } from '@claimcheck/shared/claim';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import { claimOf, findClaim, mint, upload, type ListedClaim } from './files-and-claims.js';
import { startTestAppServer, type StartOptions } from './start-app-server.js';

const SIZE = 1000;
const MINUTE_MS = 60_000;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: StartOptions = {}) {
  const app = await startTestAppServer({ databaseUrl: await createDatabase(), ...options });
  cleanups.push(() => app.stop());
  const client = await app.signedIn();
  const file = await upload(client, 'x', Buffer.alloc(SIZE, 'x'));
  const { id, url } = await mint(client, file.id, { mode: undefined });
  return { app, client, id, claim: await claimOf(app, url) };
}

async function untilListed(client: Client, id: string, expected: Partial<ListedClaim>) {
  return await waitFor(`the list shows ${JSON.stringify(expected)}`, async () => {
    const claim = await findClaim(client, id);
    const shown = Object.entries(expected).every(
      ([name, value]) => claim[name as keyof ListedClaim] === value,
    );
    return shown && claim;
  });
}

const open = async (ledger: Ledger, claim: DownloadClaim) =>
  await ledger.openResponse({
    ...responseRequestOf(claim, { keyId: SOME_KEY_ID, mayBegin: true }),
    leastBytes: 10,
    bytes: 10,
  });

const settle = async (ledger: Ledger, { jti, fen }: DownloadClaim, from: number, to: number) =>
  await ledger.settle({
    nonce: jti,
    fence: fen,
    refundBytes: 0,
    sent: { firstByte: from, bytes: to - from },
  });

describe.each([
  ['memory and PGlite', async (): Promise<StartOptions> => ({ databaseUrl: '' })],
  [
    'Redis and PostgreSQL',
    async () => ({ redisUrl: sharedRedisUrl(), databaseUrl: await createDatabase() }),
  ],
])('with %s', (_, options) => {
  test('a copy is waiting, running, waiting for its client, running again, and whole', async () => {
    const { app, client, id, claim } = await start(await options());
    expect(claim.mod).toBe('resumable');
    expect(await findClaim(client, id)).toMatchObject({ mode: 'resumable', state: 'waiting' });
    expect(await open(app.ledger, claim)).toMatchObject({ outcome: 'burned' });
    await untilListed(client, id, { state: 'started', bytesSent: 0 });
    await settle(app.ledger, claim, 0, 620);
    const waiting = await untilListed(client, id, { state: 'interrupted', bytesSent: 620 });
    expect(Date.parse(waiting.resumableUntil ?? '')).toBeGreaterThan(Date.now() + 14 * MINUTE_MS);
    await open(app.ledger, claim);
    await untilListed(client, id, { state: 'started', bytesSent: 620 });
    await settle(app.ledger, claim, 620, SIZE);
    const whole = await untilListed(client, id, { state: 'finished', bytesSent: SIZE });
    expect(Date.parse(whole.endedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(whole.startedAt ?? ''),
    );
    expect(whole.resumableUntil).toBeUndefined();
  });
});

test('parts that overlap count once, in whatever order they come, and a gap is not whole', async () => {
  const { app, client, id, claim } = await start();
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 500, SIZE);
  await settle(app.ledger, claim, 0, 300);
  await settle(app.ledger, claim, 0, 300);
  await settle(app.ledger, claim, 250, 499);
  await untilListed(client, id, { state: 'interrupted', bytesSent: 999 });
  await settle(app.ledger, claim, 400, 600);
  await untilListed(client, id, { state: 'finished', bytesSent: SIZE });
});

test('a whole copy stays whole when some of its bytes are fetched again', async () => {
  const { app, client, id, claim } = await start();
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 0, SIZE);
  const { endedAt } = await untilListed(client, id, { state: 'finished' });
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 900, 950);
  await app.ledger.record({ kind: 'refused', claimId: id, bytes: 0 });
  const after = await untilListed(client, id, { refusedCount: 1 });
  expect(after).toMatchObject({ state: 'finished', bytesSent: SIZE, endedAt });
});

test('an empty file is whole with its first answer', async () => {
  const { app, client } = await start();
  const file = await upload(client, 'empty', '');
  const { id, url } = await mint(client, file.id, { mode: 'resumable' });
  const claim = await claimOf(app, url);
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 0, 0);
  await untilListed(client, id, { state: 'finished', bytesSent: 0 });
});

test('a copy that nobody goes on with is broken off after a quarter of an hour', async () => {
  let aheadMs = 0;
  const { app, client, id, claim } = await start({ now: () => Date.now() + aheadMs });
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 0, 10);
  await untilListed(client, id, { state: 'interrupted' });
  aheadMs = 16 * MINUTE_MS;
  expect(await findClaim(client, id)).toMatchObject({ state: 'broken-off', bytesSent: 10 });
});

test('a response whose server died does not run for ever in the list', async () => {
  let aheadMs = 0;
  const { app, client, id, claim } = await start({ now: () => Date.now() + aheadMs });
  await open(app.ledger, claim);
  await untilListed(client, id, { state: 'started' });
  aheadMs = 2 * MINUTE_MS;
  expect(await findClaim(client, id)).toMatchObject({ state: 'interrupted' });
});

test('revoking a copy that has begun ends it, in the ledger and in the list', async () => {
  const { app, client, id, claim } = await start();
  await open(app.ledger, claim);
  await settle(app.ledger, claim, 0, 10);
  await untilListed(client, id, { state: 'interrupted' });
  expect((await client.request('DELETE', `/api/claims/${id}`)).status).toBe(204);
  expect(await findClaim(client, id)).toMatchObject({ state: 'revoked', bytesSent: 10 });
  expect(await open(app.ledger, claim)).toEqual({ outcome: 'revoked' });
});

describe('signing out', () => {
  test('kills the claims that nobody has used, and lets a download that has begun go on', async () => {
    const { app, client, claim } = await start();
    const file = await upload(client, 'unused');
    const unused = await claimOf(app, (await mint(client, file.id, { mode: 'resumable' })).url);
    await open(app.ledger, claim);
    await client.request('DELETE', '/api/session');
    expect(await open(app.ledger, unused)).toEqual({ outcome: 'revoked' });
    expect(await open(app.ledger, claim)).toMatchObject({ outcome: 'resumed' });
  });

  test('by ending the session from another device kills both', async () => {
    const { app, client, claim } = await start();
    await open(app.ledger, claim);
    const other = await app.signedIn();
    expect((await other.request('DELETE', '/api/sessions')).status).toBe(204);
    expect((await client.get('/api/files')).status).toBe(401);
    expect(await open(app.ledger, claim)).toEqual({ outcome: 'revoked' });
  });
});
