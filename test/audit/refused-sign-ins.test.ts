// Refused sign-ins are in the trail, and whoever tries without end cannot fill it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recordRefusedSignIn, tellRefusedSignIns, type OpenDatabase } from '@claimcheck/app-server';
import { ADMIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { openBeside, readTrail } from './read-trail.js';

const HOUR_MS = 60 * 60_000;
/** Hours that the real clock, which the server's own loop follows, is not at. */
const LONG_AGO_MS = Date.UTC(2026, 0, 10);

let app: TestAppServer;
let beside: OpenDatabase;
beforeAll(async () => {
  app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    signInAllowances: { perAddress: 1000, perAccount: 1000 },
  });
  beside = await openBeside(app);
});
afterAll(async () => {
  await beside.close();
  await app.stop();
});

const entriesOf = async (action: 'session.refused' | 'session.refusals-counted') =>
  await beside.db.selectFrom('audit_entry').selectAll().where('action', '=', action).execute();

test('the first of an account and address is there at once, with its reason and without what was typed', async () => {
  const member = { email: 'eve@example.org', password: 'a long password' };
  const admin = await app.signedIn();
  await admin.json('POST', '/api/accounts', { ...member, role: 'member' });
  const tries = [
    { email: ADMIN.email, password: 'the-wrong-one-1' },
    { email: ADMIN.email, password: 'the-wrong-one-2' },
    { email: member.email, password: 'the-wrong-one-3' },
    { email: 'stranger@example.org', password: 'the-wrong-one-4' },
    { email: 'another-stranger@example.org', password: 'the-wrong-one-5' },
  ];
  for (const typed of tries) {
    expect((await app.visitor().json('POST', '/api/session', typed)).status).toBe(401);
  }
  const entries = await readTrail(admin, { action: 'session.refused' });
  expect(
    entries.map(({ account, actor, details, address }) => [
      account?.email ?? null,
      actor,
      details,
      address,
    ]),
  ).toEqual([
    [null, null, { reason: 'unknown-address' }, expect.stringContaining('127.0.0.1')],
    [member.email, null, { reason: 'wrong-password' }, expect.any(String)],
    [ADMIN.email, null, { reason: 'wrong-password' }, expect.any(String)],
  ]);
  const rows = await beside.db.selectFrom('audit_entry').selectAll().execute();
  expect(JSON.stringify(rows)).not.toMatch(/the-wrong-one|stranger@/);
});

test('what followed within the hour is told of once, with how often it was', async () => {
  const refuse = (accountId: string | null, address: string, atMs: number) =>
    recordRefusedSignIn(
      { db: beside.db, now: () => atMs },
      { accountId, address, reason: 'wrong-password' },
    );
  const before = (await entriesOf('session.refused')).length;
  for (let i = 0; i < 50; i += 1) await refuse('somebody', '192.0.2.1', LONG_AGO_MS + i);
  await refuse('somebody', '192.0.2.2', LONG_AGO_MS);
  // Of one customer's IPv6 network, which could be walked through.
  for (let i = 1; i < 10; i += 1) await refuse('somebody', `2001:db8::${i}`, LONG_AGO_MS);
  await refuse('somebody', '192.0.2.1', LONG_AGO_MS + HOUR_MS);
  expect((await entriesOf('session.refused')).length - before).toBe(4);

  await tellRefusedSignIns(beside.db, LONG_AGO_MS + HOUR_MS);
  const counted = await entriesOf('session.refusals-counted');
  const told = counted
    .map(({ account_id, address, details }) => [account_id, address, JSON.parse(details) as object])
    .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const hour = new Date(LONG_AGO_MS).toISOString();
  expect(told).toEqual([
    ['somebody', '192.0.2.1', { hour, times: 50 }],
    ['somebody', '2001:db8:0:0::/64', { hour, times: 9 }],
  ]);
  // Once is what the entry itself says, and nothing is told of twice.
  await tellRefusedSignIns(beside.db, LONG_AGO_MS + 2 * HOUR_MS);
  expect(await entriesOf('session.refusals-counted')).toHaveLength(2);
});

test('from thousands of addresses it writes no more than some hundred entries an hour', async () => {
  const atMs = LONG_AGO_MS + 100 * HOUR_MS;
  const before = (await entriesOf('session.refused')).length;
  for (let i = 0; i < 2000; i += 1) {
    await recordRefusedSignIn(
      { db: beside.db, now: () => atMs },
      { accountId: null, address: `198.${i % 7}.${i >> 8}.${i & 255}`, reason: 'unknown-address' },
    );
  }
  expect((await entriesOf('session.refused')).length - before).toBe(501);
  await tellRefusedSignIns(beside.db, atMs + HOUR_MS);
  const last = (await entriesOf('session.refusals-counted')).at(-1);
  expect([last?.address, JSON.parse(last?.details ?? '{}')]).toMatchObject(['*', { times: 1500 }]);
}, 60_000);
