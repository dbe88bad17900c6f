// The table refuses, by itself, whatever would change what was written, on both databases; the one way to
// forget takes only what is old.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { forgetAudit, openDatabase, recordAudit, type OpenDatabase } from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import { createDatabase } from '../support/postgres.js';

const DAY_MS = 24 * 60 * 60_000;
const REFUSED = /the audit trail is append-only/;

describe.each([
  ['PostgreSQL', createDatabase],
  ['PGlite', async () => undefined],
])('on %s', (_, urlOf) => {
  let dataDir: string;
  let database: OpenDatabase;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-audit-'));
    const log = createLogger('test', 'silent');
    database = await openDatabase({ databaseUrl: await urlOf(), dataDir, log });
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true });
  });

  const add = (daysAgo: number, subject: string) =>
    recordAudit(
      database.db,
      { action: 'file.uploaded', actorId: null, address: null, subject },
      Date.now() - daysAgo * DAY_MS,
    );
  const subjects = async () => {
    const rows = await database.db.selectFrom('audit_entry').select('subject').execute();
    return rows.map(({ subject }) => String(subject)).toSorted();
  };

  test('an entry is not changed, not deleted and not truncated away, however old it is', async () => {
    const { db } = database;
    await add(0, 'file:new');
    await add(400, 'file:old');
    const before = await subjects();
    const changes = [
      () => db.updateTable('audit_entry').set({ actor_id: 'somebody' }).execute(),
      () => db.deleteFrom('audit_entry').execute(),
      () => db.deleteFrom('audit_entry').where('subject', '=', 'file:old').execute(),
      () => sql`truncate audit_entry`.execute(db),
    ];
    for (const change of changes) await expect(change()).rejects.toThrow(REFUSED);
    expect(await subjects()).toEqual(before);
  });

  test('what is named to be forgotten is refused where it is younger than 30 days', async () => {
    const { db } = database;
    await add(29, 'file:of-this-month');
    const forget = (before: string, subject: string) =>
      db.transaction().execute(async (transaction) => {
        await sql`select set_config('claimcheck.forget_audit_before', ${before}, true)`.execute(
          transaction,
        );
        await transaction.deleteFrom('audit_entry').where('subject', '=', subject).execute();
      });
    const inAYear = new Date(Date.now() + 365 * DAY_MS).toISOString();
    await expect(forget(inAYear, 'file:of-this-month')).rejects.toThrow(REFUSED);
    const longAgo = new Date(Date.now() - 500 * DAY_MS).toISOString();
    await expect(forget(longAgo, 'file:old')).rejects.toThrow(REFUSED);
    // The name is forgotten with its transaction.
    await expect(
      db.deleteFrom('audit_entry').where('subject', '=', 'file:old').execute(),
    ).rejects.toThrow(REFUSED);
    expect(await subjects()).toEqual(expect.arrayContaining(['file:of-this-month', 'file:old']));
  });

  test('retention forgets what is older and says how much, and a clock set forward nothing young', async () => {
    const { db } = database;
    await add(89, 'file:kept');
    await add(91, 'file:forgotten');
    expect(await forgetAudit(db, Date.now(), 90)).toBe(2);
    expect(await subjects()).not.toContain('file:forgotten');
    expect(await subjects()).toContain('file:kept');
    const told = await db
      .selectFrom('audit_entry')
      .selectAll()
      .where('action', '=', 'audit.forgotten')
      .execute();
    expect(told.map(({ details }) => JSON.parse(details) as unknown)).toEqual([
      { before: expect.any(String), entries: 2 },
    ]);
    // Nothing to forget is nothing to say.
    expect(await forgetAudit(db, Date.now(), 90)).toBe(0);
    expect(await forgetAudit(db, Date.now() + 1000 * DAY_MS, 90)).toBe(1);
    expect(await subjects()).toEqual(expect.arrayContaining(['file:new', 'file:of-this-month']));
    expect(await subjects()).not.toContain('file:kept');
  });
});
