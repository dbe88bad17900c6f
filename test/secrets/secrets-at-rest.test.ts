// What somebody gets who steals a backup: the database's dump, Redis's memory and files, the logs, the data
// directory. A run of the whole system uses every kind of secret, and then each is looked for in each place.
import { afterEach, describe, expect, test } from '@jest/globals';
import { Client as Postgres } from 'pg';
import { startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startInOneProcess, startSystem, type System } from '../system/start-system.js';
import { startReceiver, type Receiver } from '../webhooks/start-receiver.js';
import { findSecrets, type Place } from './find-secrets.js';
import { READABLE_REDIS, readDatabase, readFiles, readRedis } from './read-places.js';
import { useEverySecret, type Run } from './use-secrets.js';

/** What is kept as it is, and why: the list of docs/secrets-at-rest.md. Each is found, or the search is blind. */
const KNOWN = [
  // It signs deliveries: a hash cannot.
  'webhook secret in the dump of PostgreSQL',
];

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

interface Surroundings extends Pick<Run, 'mailServer' | 'receiver'> {
  databaseUrl: string;
  settings: Record<string, string>;
}

async function startSurroundings(): Promise<Surroundings> {
  const mailServer: MailServer = await startMailServer();
  const receiver: Receiver = await startReceiver();
  cleanups.push(
    () => mailServer.stop(),
    () => receiver.stop(),
  );
  const databaseUrl = await createDatabase();
  const settings = {
    DATABASE_URL: databaseUrl,
    SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    MAIL_FROM: 'files@example.org',
    WEBHOOK_ALLOW_PRIVATE: '1',
    LOG_LEVEL: 'trace',
  };
  return { mailServer, receiver, databaseUrl, settings };
}

/** The mails that were sent have left the outbox, so that only what stays is searched. */
async function untilAllSent(databaseUrl: string): Promise<void> {
  const client = new Postgres({ connectionString: databaseUrl });
  await client.connect();
  try {
    await waitFor('every mail is sent', async () => {
      const waiting = await client.query(`select 1 from outbox_mail where state <> 'sent'`);
      return waiting.rowCount === 0;
    });
  } finally {
    await client.end();
  }
}

async function readServers({ app, downloads, dataDir }: System): Promise<Place[]> {
  return [
    { name: 'the log of the app server', content: Buffer.from(app.output()) },
    ...downloads.map((child) => ({
      name: 'the log of the download server',
      content: Buffer.from(child.output()),
    })),
    ...(await readFiles('the data directory', dataDir)),
  ];
}

describe('no secret that was used is found', () => {
  test('in PostgreSQL, Redis, logs and files, with sessions in Redis', async () => {
    const { databaseUrl, settings, ...others } = await startSurroundings();
    const redis: TestRedis = await startRedis(READABLE_REDIS);
    cleanups.push(() => redis.stop());
    const system = await startSystem(1, redis.url, settings);
    cleanups.push(() => system.stop());
    const secrets = await useEverySecret({ system, ...others });
    await untilAllSent(databaseUrl);
    const places = [
      await readDatabase(databaseUrl),
      ...(await readRedis(redis.url)),
      ...(await readServers(system)),
    ];
    expect(findSecrets(secrets, places)).toEqual(KNOWN);
  }, 180_000);

  test('in PostgreSQL, log and files, with sessions in PostgreSQL', async () => {
    const { databaseUrl, settings, ...others } = await startSurroundings();
    const system = await startInOneProcess(settings);
    cleanups.push(() => system.stop());
    const secrets = await useEverySecret({ system, ...others });
    await untilAllSent(databaseUrl);
    const places = [await readDatabase(databaseUrl), ...(await readServers(system))];
    expect(findSecrets(secrets, places)).toEqual(KNOWN);
  }, 180_000);
});
