// A real PostgreSQL of the test run's own: one cluster in a temporary directory, an empty database a
// caller. PostgreSQL refuses to run as root, so then it runs as `postgres`, or else as `nobody`.
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startChild } from './child.js';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

const run = promisify(execFile);

export interface TestPostgres {
  /** A database from which others can be created, see `createDatabase`. */
  adminUrl: string;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = findPostgresBin();
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-pg-'));
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  if (owner) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const options = { ...owner, cwd: directory, env: { ...process.env, LC_ALL: 'C.UTF-8' } };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    {
      ...options,
      stdio: 'pipe',
    },
  );
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
  };
  const child = startChild(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    options,
  );
  const url = (database: string) => `postgres://test@127.0.0.1:${port}/${database}`;
  await waitFor(
    'PostgreSQL answers',
    async () => await query(url('postgres'), 'select 1').catch(() => false),
    30_000,
  );
  return {
    adminUrl: url('postgres'),
    stop: async () => {
      await child.end('SIGQUIT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Makes an empty database in the run's shared PostgreSQL and returns its URL. */
export async function createDatabase(): Promise<string> {
  const adminUrl = process.env['TEST_DATABASE_ADMIN_URL'];
  if (adminUrl === undefined) throw new Error('no shared PostgreSQL: run the tests by `npm test`');
  const name = `t${randomBytes(8).toString('hex')}`;
  await query(adminUrl, `create database ${name}`);
  return Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
}

async function query(url: string, sql: string): Promise<true> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
    return true;
  } finally {
    await client.end();
  }
}

/** A whole database as `pg_dump` writes it, schema and rows. */
export async function dumpDatabase(url: string): Promise<Buffer> {
  const program = join(findPostgresBin(), 'pg_dump');
  const options = { encoding: 'buffer', maxBuffer: 256 * 2 ** 20, timeout: 60_000 } as const;
  const { stdout } = await run(program, [`--dbname=${url}`], options);
  return stdout;
}

/** Debian keeps the server's programs out of PATH. */
function findPostgresBin(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a))
    : [];
  const places = [
    ...versions.map((v) => join(debian, v, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = places.find(
    (place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')),
  );
  if (found === undefined)
    throw new Error('no PostgreSQL server found; `npm test` installs it or says how');
  return found;
}

function unprivilegedUser(): { uid: number; gid: number } {
  const idOf = (flag: string, user: string) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      // Not on this machine: try the next.
    }
  }
  throw new Error(
    'running as root, and neither the user postgres nor nobody exists to run PostgreSQL',
  );
}
