// How recovery codes are kept: derived slowly under a salt, also those that were kept otherwise before; and what
// somebody who tries them can make the server do.
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash, hashRaw } from '@node-rs/argon2';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPglitePool, migrations } from '@claimcheck/app-server';
import { startTestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { PASSWORD, problemOf, startFactorApp, type FactorApp } from './with-factors.js';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const WRONG = 'aaaa-aaaa-aaaa-aaaa';

interface Row {
  account_id: string;
  code_hash: string;
  salt: string;
}

async function query<T>(databaseUrl: string, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as T[];
  } finally {
    await client.end();
  }
}

const rowsOf = (databaseUrl: string, accountId: string) =>
  query<Row>(databaseUrl, 'select * from recovery_code where account_id = $1', [accountId]);

/** What was kept before, and is what is derived from now. */
function keyedHash(secretHex: string, accountId: string, code: string): string {
  return createHmac('sha256', Buffer.from(secretHex, 'hex'))
    .update(JSON.stringify(['recovery-code', accountId, code.replaceAll('-', '')]))
    .digest('hex');
}

describe('recovery codes as they are kept', () => {
  let app: FactorApp;
  beforeAll(async () => {
    // One hash at a time, and a queue of 32 behind it.
    app = await startFactorApp({ config: { hashConcurrency: 1 } });
  });
  afterAll(() => app.stop());

  test('are argon2id of their keyed hash, under a salt of 32 random bytes that an account’s codes share', async () => {
    const [who, other] = [await app.somebodyWithApp(), await app.somebodyWithApp()];
    const rows = await rowsOf(app.databaseUrl, who.id);
    const secret = await readFile(join(app.config.dataDir, 'keys/links.secret'), 'utf8');
    const salts = new Set(rows.map(({ salt }) => salt));
    expect(salts.size).toBe(1);
    const [salt = ''] = salts;
    expect(salt).toMatch(/^[0-9a-f]{64}$/);
    const expected = [];
    for (const code of who.recoveryCodes) {
      const keyed = keyedHash(secret.trim(), who.id, code);
      const derived = await hashRaw(keyed, { ...PARAMETERS, salt: Buffer.from(salt, 'hex') });
      expected.push(derived.toString('hex'));
    }
    expect(rows.map(({ code_hash }) => code_hash).toSorted()).toEqual(expected.toSorted());
    const [{ salt: otherSalt } = { salt }] = await rowsOf(app.databaseUrl, other.id);
    expect(otherSalt).not.toBe(salt);
  });

  test('of sixty wrong ones given at once to one sign-in, no more are hashed than it has tries', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const answers = await Promise.all(Array.from({ length: 60 }, () => app.give(client, WRONG)));
    const codes = await Promise.all(answers.map(problemOf));
    // Were all of them hashed, the queue of hashes would be full and answer `busy`.
    expect(new Set(codes)).toEqual(new Set(['sign-in-expired', 'wrong-second-factor']));
    expect(codes.filter((code) => code === 'wrong-second-factor').length).toBeLessThan(5);
    expect((await app.give(client, who.recoveryCodes[0] ?? '')).status).toBe(401);
  });

  test('of more than ten wrong ones beside an open session, none is looked at, nor a right one', async () => {
    const who = await app.somebodyWithApp();
    const prove = (code: string) =>
      who.client.json('POST', '/api/session/proof', { password: who.password, code });
    const answers = [];
    for (let i = 0; i < 10; i += 1) answers.push((await prove(WRONG)).status);
    expect(answers).toEqual(Array(10).fill(401));
    expect((await prove(who.recoveryCodes[0] ?? '')).status).toBe(429);
  });

  test('cost no try when the server fails to look at one', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const [{ salt } = { salt: '' }] = await rowsOf(app.databaseUrl, who.id);
    const change = 'update recovery_code set salt = $1 where account_id = $2';
    await query(app.databaseUrl, change, ['00', who.id]);
    const failed = [];
    for (let i = 0; i < 6; i += 1) {
      failed.push((await app.give(client, who.recoveryCodes[0] ?? '')).status);
    }
    expect(failed).toEqual(Array(6).fill(500));
    await query(app.databaseUrl, change, [salt, who.id]);
    expect((await app.give(client, who.recoveryCodes[0] ?? '')).status).toBe(204);
  });
});

test('wrong recovery codes are counted for the address that gives them, and not for the browser that has been in', async () => {
  const app = await startFactorApp({ signInAllowances: { perAddress: 8 } });
  try {
    const who = await app.somebodyWithApp();
    const known = app.visitor();
    await app.begin(who, known);
    expect((await app.give(known, who.nextCode())).status).toBe(204);
    await known.request('DELETE', '/api/session');
    const statuses = [];
    for (const tries of [4, 4]) {
      const { client } = await app.begin(who);
      for (let i = 0; i < tries; i += 1) statuses.push((await app.give(client, WRONG)).status);
    }
    expect(statuses).toEqual(Array(8).fill(401));
    const [code = ''] = who.recoveryCodes;
    const { client } = await app.begin(who);
    const refused = await app.give(client, code);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    await app.begin(who, known);
    expect((await app.give(known, code)).status).toBe(204);
  } finally {
    await app.stop();
  }
});

describe.each([
  ['PostgreSQL', createDatabase],
  ['PGlite', async () => undefined],
])('in %s', (_, urlOf) => {
  test('recovery codes of before are carried over without being known, used ones are gone, and each counts once', async () => {
    const databaseUrl = await urlOf();
    const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-codes-'));
    const secret = randomBytes(32).toString('hex');
    await mkdir(join(dataDir, 'keys'), { mode: 0o700 });
    await writeFile(join(dataDir, 'keys/links.secret'), secret, { mode: 0o600 });
    const people = [
      { id: 'AAAAAAAAAAAA', email: 'a@example.org', password: PASSWORD },
      { id: 'BBBBBBBBBBBB', email: 'b@example.org', password: PASSWORD },
    ] as const;
    const [codeA, secondA, usedA, codeB] = ['aaaa-bbbb', 'cccc-dddd', 'eeee-ffff', 'gggg-hhhh'].map(
      (half) => `${half}-${half}`,
    ) as [string, string, string, string];
    const before = [
      { ...people[0], code: codeA, used: null },
      { ...people[0], code: secondA, used: null },
      { ...people[0], code: usedA, used: '2026-11-02T00:00:00Z' },
      { ...people[1], code: codeB, used: null },
    ].map((row) => ({ ...row, hash: keyedHash(secret, row.id, row.code) }));
    const passwordHash = await hash(PASSWORD, PARAMETERS);

    await withDatabase(databaseUrl, dataDir, async (db) => {
      await migrateToBefore(db, '0014');
      for (const { id, email } of people) {
        await sql`insert into account (id, email, password_hash, role, created_at)
          values (${id}, ${email}, ${passwordHash}, 'member', '2026-11-01T00:00:00Z')`.execute(db);
        // Recovery codes stand in for something: a passkey, which is never asked here.
        await sql`insert into passkey (id, account_id, credential_id, public_key, sign_count,
            transports, synced, name, created_at)
          values (${id}, ${id}, ${id}, '', 0, '[]', false, 'x', '2026-11-01T00:00:00Z')`.execute(
          db,
        );
      }
      for (const { id, hash: codeHash, used } of before) {
        await sql`insert into recovery_code (account_id, code_hash, created_at, used_at)
          values (${id}, ${codeHash}, '2026-11-01T00:00:00Z', ${used})`.execute(db);
      }
    });

    const app = await startTestAppServer({
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      dataDir,
    });
    try {
      const statuses = [];
      for (const [who, code] of [
        [people[0], codeA],
        [people[0], codeA],
        [people[0], usedA],
        [people[0], codeB],
        [people[0], secondA],
        [people[1], codeB],
      ] as const) {
        const client = app.visitor();
        const { email, password } = who;
        expect((await client.json('POST', '/api/session', { email, password })).status).toBe(202);
        statuses.push((await client.json('POST', '/api/session/second-factor', { code })).status);
      }
      expect(statuses).toEqual([204, 401, 401, 401, 204, 204]);
    } finally {
      await app.stop();
    }

    await withDatabase(databaseUrl, dataDir, async (db) => {
      const { rows } = await sql<Row>`select * from recovery_code order by account_id`.execute(db);
      expect(rows.map(({ account_id }) => account_id)).toEqual([
        people[0].id,
        people[0].id,
        people[1].id,
      ]);
      const salts = rows.map(({ salt }) => salt);
      expect(salts[0]).toMatch(/^[0-9a-f]{64}$/);
      expect(salts[1]).toBe(salts[0]);
      expect(salts[2]).not.toBe(salts[0]);
      const kept = JSON.stringify(rows);
      expect(before.filter((row) => kept.includes(row.hash))).toEqual([]);
    });
    await rm(dataDir, { recursive: true, force: true });
  });
});

/** The database itself, while no server has it open. */
async function withDatabase(
  databaseUrl: string | undefined,
  dataDir: string,
  use: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> {
  const pool =
    databaseUrl === undefined
      ? await createPglitePool(join(dataDir, 'db'))
      : new pg.Pool({ connectionString: databaseUrl });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await use(db);
  } finally {
    await db.destroy();
  }
}

/** The tables as they were before a migration. */
async function migrateToBefore(db: Kysely<unknown>, name: string): Promise<void> {
  const earlier = Object.fromEntries(Object.entries(migrations).filter(([one]) => one < name));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => earlier } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
