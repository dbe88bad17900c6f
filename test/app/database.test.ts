// The database: migrations, the two ways to have one, the lock of the embedded one, and outages.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lockDirectory, openDatabase } from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startTestAppServer } from './start-app-server.js';

const log = createLogger('test', 'silent');
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-db-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const account = {
  id: 'AAAAAAAAAAAA',
  email: 'a@example.org',
  password_hash: null,
  role: 'member',
  disabled_at: null,
  fetched_notices: true,
  theft_at: null,
  identity_count: 0,
  created_at: new Date('2026-01-02T03:04:05.678Z'),
} as const;

const file = {
  id: 'FFFFFFFFFFFF',
  owner_id: account.id,
  storage_key: 'KKKKKKKKKKKKKKKK',
  name: 'a.txt',
  media_type: 'text/plain',
  size_bytes: 2 ** 45 + 1,
  sha256: '00',
  mtime_ms: 1_795_323_640_115,
  created_at: account.created_at,
};

describe.each([
  ['PostgreSQL', createDatabase],
  ['PGlite', async () => undefined],
])('%s', (_, urlOf) => {
  test('keeps rows, with instants and large numbers as they were, over a second start', async () => {
    const databaseUrl = await urlOf();
    const first = await openDatabase({ databaseUrl, dataDir, log });
    await first.db.insertInto('account').values(account).execute();
    await first.db.insertInto('file').values(file).execute();
    await first.close();
    const second = await openDatabase({ databaseUrl, dataDir, log });
    expect(await second.db.selectFrom('account').selectAll().execute()).toEqual([account]);
    expect(await second.db.selectFrom('file').selectAll().execute()).toEqual([file]);
    await second.close();
  });

  test('counts changed rows, rolls back what fails, and stays usable', async () => {
    const { db, close } = await openDatabase({ databaseUrl: await urlOf(), dataDir, log });
    await db.insertInto('account').values(account).execute();
    const failing = db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('account').execute();
      throw new Error('changed our mind');
    });
    await expect(failing).rejects.toThrow('changed our mind');
    await expect(db.insertInto('account').values(account).execute()).rejects.toMatchObject({
      code: '23505',
    });
    const update = db.updateTable('account').set({ email: null });
    const hit = await update.where('id', '=', account.id).executeTakeFirst();
    const miss = await update.where('id', '=', 'nobody').executeTakeFirst();
    expect([hit.numUpdatedRows, miss.numUpdatedRows]).toEqual([1n, 0n]);
    await close();
  });

  test('lets transactions at once pass one after the other', async () => {
    const { db, close } = await openDatabase({ databaseUrl: await urlOf(), dataDir, log });
    await db.insertInto('account').values(account).execute();
    await db
      .insertInto('file')
      .values({ ...file, size_bytes: 0 })
      .execute();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.transaction().execute(async (transaction) => {
          const { size_bytes } = await transaction
            .selectFrom('file')
            .select('size_bytes')
            .forUpdate()
            .executeTakeFirstOrThrow();
          await transaction
            .updateTable('file')
            .set({ size_bytes: size_bytes + 1 })
            .execute();
        }),
      ),
    );
    const { size_bytes } = await db
      .selectFrom('file')
      .select('size_bytes')
      .executeTakeFirstOrThrow();
    expect(size_bytes).toBe(20);
    await close();
  });
});

test('two app servers that start at once on an empty PostgreSQL both come up', async () => {
  const databaseUrl = await createDatabase();
  const opened = await Promise.all(
    Array.from({ length: 4 }, () => openDatabase({ databaseUrl, dataDir, log })),
  );
  const names = await opened[0]?.db.introspection.getTables();
  expect(names?.map(({ name }) => name)).toContain('claim');
  await Promise.all(opened.map(({ close }) => close()));
});

test('a PostgreSQL that is not there is named at start by its variable, its password is not', async () => {
  const databaseUrl = 'postgres://test:hidden@127.0.0.1:1/none';
  const opening = openDatabase({ databaseUrl, dataDir, log });
  await expect(opening).rejects.toThrow(/^DATABASE_URL: .*ECONNREFUSED/);
  await expect(opening).rejects.not.toThrow('hidden');
});

/** Stands between a server and its database, and can be cut. */
async function startRelay(target: URL) {
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  const open = async (port: number) => {
    await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
    return (relay.address() as AddressInfo).port;
  };
  const port = await open(0);
  return {
    url: Object.assign(new URL(target), { port: String(port) }).href,
    cut: async () => {
      const closed = new Promise((resolve) => relay.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: () => open(port),
  };
}

test('while PostgreSQL is away requests get 503, and afterwards the same server answers', async () => {
  const relay = await startRelay(new URL(await createDatabase()));
  const app = await startTestAppServer({ databaseUrl: relay.url });
  try {
    const client = await app.signedIn();
    expect((await client.get('/readyz')).status).toBe(200);
    await relay.cut();
    for (let i = 0; i < 5; i += 1) {
      const response = await client.get('/api/session');
      expect([response.status, await response.json()]).toMatchObject([
        503,
        { type: 'urn:claimcheck:problem:database-unavailable' },
      ]);
      expect(response.headers.get('Retry-After')).toBe('2');
    }
    const ready = await client.get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, database: false, ledger: true, stopping: false },
    ]);
    expect((await client.get('/livez')).status).toBe(200);
    await relay.mend();
    expect((await client.get('/api/session')).status).toBe(200);
  } finally {
    await app.stop();
    await relay.cut();
  }
});

const path = () => join(dataDir, 'db.lock');
const holder = (change: object) =>
  JSON.stringify({ nonce: 'n', pid: 1, startedAt: '', host: hostname(), ...change });
const goneProcess = () =>
  Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));

describe('the lock of a PGlite directory', () => {
  test('lets one opener in, and the next after it', async () => {
    const first = await openDatabase({ databaseUrl: undefined, dataDir, log });
    await expect(openDatabase({ databaseUrl: undefined, dataDir, log })).rejects.toThrow(
      new RegExp(`DATA_DIR: its database is already open in process ${process.pid}`),
    );
    await first.close();
    await expect(stat(path())).rejects.toThrow('ENOENT');
    const second = await openDatabase({ databaseUrl: undefined, dataDir, log });
    await second.close();
  });

  test('is refused while another process that holds it lives', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await writeFile(path(), holder({ pid: other.pid }));
      await expect(lockDirectory(path())).rejects.toThrow(`process ${other.pid}`);
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('is taken over from a process that is gone, by one of many', async () => {
    await writeFile(path(), holder({ pid: goneProcess() }));
    const takers = await Promise.allSettled(
      Array.from({ length: 10 }, () => lockDirectory(path())),
    );
    const winners = takers.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(JSON.parse(await readFile(path(), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test('is taken over when another process has got the same id since', async () => {
    await writeFile(path(), holder({ pid: process.pid, startedAt: '1' }));
    const unlock = await lockDirectory(path());
    await unlock();
  });

  test('is refused when nobody can tell whether its holder lives', async () => {
    await writeFile(path(), holder({ pid: goneProcess(), host: 'another-machine' }));
    await expect(lockDirectory(path())).rejects.toThrow('another-machine');
    await writeFile(path(), 'damaged');
    await expect(lockDirectory(path())).rejects.toThrow(`delete ${path()}`);
  });

  test('is given back by its holder alone', async () => {
    const unlock = await lockDirectory(path());
    await writeFile(path(), holder({ nonce: 'of another' }));
    await unlock();
    expect(await readFile(path(), 'utf8')).toContain('of another');
  });

  test('is not left behind by a start that fails', async () => {
    const before = await openDatabase({ databaseUrl: undefined, dataDir, log });
    await before.close();
    await rm(join(dataDir, 'db', 'PG_VERSION'));
    await writeFile(join(dataDir, 'db', 'PG_VERSION'), 'nonsense');
    const opening = openDatabase({ databaseUrl: undefined, dataDir, log });
    await expect(opening).rejects.toThrow(/^DATA_DIR: /);
    await waitFor('the lock is gone', async () => {
      return await stat(path()).then(
        () => false,
        () => true,
      );
    });
  });
});
