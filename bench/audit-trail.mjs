// How long a page of the audit trail takes over HTTP, with each filter, and what writing an entry costs, when
// the trail has a million entries. A real server and PostgreSQL.
//
//   TEST_DATABASE_URL names an empty database.
//   node bench/audit-trail.mjs [entries]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, readConfig, recordAudit, startAppServer } from '@claimcheck/app-server';
import { createMemoryLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { Client } from 'pg';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 30;
const { TEST_DATABASE_URL: databaseUrl } = process.env;
if (databaseUrl === undefined) throw new Error('set TEST_DATABASE_URL to an empty database');

const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-bench-'));
const credentials = { email: 'ada@example.org', password: 'correct horse battery' };
const origin = 'http://localhost:3000';
const config = readConfig({
  APP_PORT: '0',
  APP_ORIGIN: origin,
  DATA_DIR: dataDir,
  DATABASE_URL: databaseUrl,
  ADMIN_EMAIL: credentials.email,
  ADMIN_PASSWORD: credentials.password,
});
const log = createLogger('app-server', 'silent');
const ledger = createMemoryLedger();
const server = await startAppServer({ config, ledger, log });
const { db, close } = await openDatabase({ databaseUrl, dataDir, log });
try {
  await measure();
} finally {
  await close();
  await server.stop();
  await ledger.close();
  await rm(dataDir, { recursive: true });
}

async function measure() {
  report('writing an entry, the trail empty', await timed(writeOne));
  await fill();
  report(`writing an entry, with ${ENTRIES}`, await timed(writeOne));

  const url = `http://127.0.0.1:${server.port}`;
  const headers = { 'content-type': 'application/json', origin };
  const body = JSON.stringify(credentials);
  const signedIn = await fetch(`${url}/api/session`, { method: 'POST', headers, body });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const queries = [
    '',
    'action=link.pressed',
    'action=account.role-changed',
    'actor=account7',
    'actor=none',
    'account=account7&action=file.uploaded',
    'subject=link:500',
    'address=192.0.2.7',
    'address=192.0.2.7&action=account.role-changed',
    'from=2026-03-01&to=2026-03-01',
    'account=nobody',
    'after=1772323200000.AAAA',
  ];
  for (const path of ['/api/audit', '/audit']) {
    for (const query of queries) {
      const times = await timed(async () => {
        const answer = await fetch(`${url}${path}?${query}`, { headers: { cookie } });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`${query}: ${answer.status}`);
      });
      report(`${path}?${query}`, times);
    }
  }
  const startedAt = performance.now();
  const answer = await fetch(`${url}/api/audit.csv`, { headers: { cookie } });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`the whole export: ${(bytes / 1e6).toFixed(0)} MB in ${seconds} s`);
}

async function writeOne() {
  const fact = { actorId: 'account7', address: '192.0.2.7', subject: 'link:500' };
  await recordAudit(db, { ...fact, action: 'file.uploaded' }, Date.now());
}

/** As years of use leave it: most of it presses and uploads, few changes of roles. */
async function fill() {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `insert into audit_entry
       (id, created_at, action, actor_id, account_id, subject, address, details)
     select 'bench' || n, timestamptz '2026-01-01' + n * interval '20 seconds',
       case when n % 10000 = 0 then 'account.role-changed'
            when n % 3 = 0 then 'link.pressed' else 'file.uploaded' end,
       case when n % 3 = 0 then null else 'account' || n % 500 end,
       'account' || n % 500, 'link:' || n % 100000, '192.0.2.' || n % 250,
       '{"name":"a file of some name.pdf","bytes":123456}'
     from generate_series(1, $1::integer) n`,
    [ENTRIES],
  );
  await client.query('analyze audit_entry');
  await client.end();
}

/** @param {() => Promise<void>} act */
async function timed(act) {
  const times = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const startedAt = performance.now();
    await act();
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b);
}

/**
 * @param {string} what
 * @param {readonly number[]} times sorted
 */
function report(what, times) {
  const at = (/** @type {number} */ part) =>
    (times[Math.floor((times.length - 1) * part)] ?? 0).toFixed(1);
  console.log(`${what}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms`);
}
