// What somebody gets who steals a backup: the database's dump, Redis's memory and files, the logs, the data
// directory. A run of the whole system uses every kind of secret, and then each is looked for in each place.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client as Postgres } from 'pg';
import { startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { freePort } from '../support/free-port.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startInOneProcess, startSystem, upload, type System } from '../system/start-system.js';
import { startReceiver } from '../webhooks/start-receiver.js';
import { collectSecrets, expectStatus } from './collect-secrets.js';
import { findSecrets, secret, type Place, type Secret } from './find-secrets.js';
import { READABLE_REDIS, readDatabase, readFiles, readRedis } from './read-places.js';
import { layKeys, type LaidKeys } from './lay-keys.js';
import { startElsewhere, type Elsewhere } from './use-elsewhere.js';
import { SETTINGS, useEverySecret } from './use-secrets.js';

/** What is kept as it is: the list of docs/secrets-at-rest.md. Each is found, or the search is blind. */
const KNOWN = [
  // It signs deliveries: a hash cannot.
  'webhook secret in the dump of PostgreSQL',
];

describe.each(['Redis', 'PostgreSQL'])('with sessions in %s', (store) => {
  let system: System;
  let redisUrl: string | undefined;
  let databaseUrl: string;
  let mailServer: MailServer;
  let elsewhere: Elsewhere;
  let keys: LaidKeys;
  /** What was found in the directory of keys before the app server had ever run on it. */
  let inClear: string[];
  let secrets: Secret[];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    mailServer = await startMailServer();
    const receiver = await startReceiver();
    cleanups.push(
      () => mailServer.stop(),
      () => receiver.stop(),
    );
    databaseUrl = await createDatabase();
    const appPort = await freePort();
    elsewhere = await startElsewhere(`http://localhost:${appPort}`);
    cleanups.push(() => elsewhere.stop());
    keys = await layKeys();
    cleanups.push(() => keys.remove());
    inClear = findSecrets(keys.secrets, await readFiles('the keys', keys.directory));
    const settings = {
      ...elsewhere.settings,
      ...keys.settings,
      APP_PORT: String(appPort),
      ...SETTINGS,
      DATABASE_URL: databaseUrl,
      SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
      MAIL_FROM: 'files@example.org',
      LOG_LEVEL: 'trace',
    };
    if (store === 'Redis') {
      const redis = await startRedis(READABLE_REDIS);
      cleanups.push(() => redis.stop());
      redisUrl = redis.url;
      system = await startSystem(1, redisUrl, settings);
    } else {
      system = await startInOneProcess(settings);
    }
    cleanups.push(() => system.stop());
    secrets = [
      ...keys.secrets,
      ...(await useEverySecret({ system, mailServer, receiver, elsewhere })),
    ];
  }, 180_000);
  afterAll(async () => {
    for (const clean of cleanups.toReversed()) await clean();
  });

  async function readEverything(): Promise<Place[]> {
    const servers = [system.app, ...system.downloads];
    return [
      await readDatabase(databaseUrl),
      ...(redisUrl === undefined ? [] : await readRedis(redisUrl)),
      ...servers.map((child, i) => ({
        name: `the log of the ${i === 0 ? 'app' : 'download'} server`,
        content: Buffer.from(child.output()),
      })),
      ...(await readFiles('the data directory', system.dataDir)),
      ...(await readFiles('the keys', keys.directory)),
      ...(await readSender(elsewhere)),
    ];
  }

  test('no secret that was used is found in what is kept', async () => {
    // The text of a mail is kept until it is sent; what comes of that is below.
    await untilAllSent(databaseUrl);
    expect(findSecrets(secrets, await readEverything())).toEqual(KNOWN);
  });

  test('the signing key and the secret of links were in clear, and are encrypted since', async () => {
    expect(inClear).toHaveLength(2);
    const now = await readFiles('the keys', keys.directory);
    expect(now.map(({ content }) => content.toString()).join()).toMatch(/k4\.secret-pw\./);
    expect(findSecrets(keys.secrets, now)).toEqual([]);
  });

  test('a secret that is planted is found, in each place', async () => {
    const planted = secret('planted', randomBytes(32).toString('base64url'));
    const [text = Buffer.alloc(0), bytes = Buffer.alloc(0)] = planted.values;
    await upload(await system.signIn(), 10, `x${bytes.toString('hex')}.bin`);
    for (const url of [system.appUrl, ...system.downloadUrls])
      await fetch(`${url}/x/${text.toString()}/x`);
    await writeFile(join(system.dataDir, 'x.json'), `{"x":"..${bytes.toString('base64')}"}`);
    const expected = [
      'planted in the data directory, x.json',
      'planted in the dump of PostgreSQL',
      'planted in the log of the app server',
    ];
    if (redisUrl !== undefined) {
      const redis = new Redis(redisUrl);
      await redis.xadd('planted', '*', 'x', bytes);
      redis.disconnect();
      expected.push(
        'planted in the event stream',
        'planted in the files of Redis',
        'planted in the keys of Redis',
        'planted in the log of the download server',
      );
    }
    const found = await waitFor('the logs have it', async () => {
      const all = findSecrets([planted], await readEverything());
      return all.length < expected.length ? undefined : all;
    });
    expect(found).toEqual(expected.toSorted());
  });

  test('the link in a mail that waits is found until the mail was sent, and not after', async () => {
    const collected = collectSecrets(system.appUrl, mailServer);
    await mailServer.goAway();
    const asked = { email: 'ada@example.org' };
    await expectStatus(202, collected.browser().json('POST', '/api/password-resets', asked));
    await untilOutbox(databaseUrl, `state = 'queued' and kind = 'reset-password'`);
    const before = await readDatabase(databaseUrl);
    await mailServer.comeBack();
    await collected.mailedPath(asked.email, /new password/i);
    await untilAllSent(databaseUrl);
    const after = await readDatabase(databaseUrl);
    expect(findSecrets(collected.secrets, [before])).toEqual([
      'handle /i/ in the dump of PostgreSQL',
    ]);
    expect(findSecrets(collected.secrets, [after])).toEqual([]);
  });
});

/** The app server that hands people over keeps nothing of it either. */
async function readSender({ sender }: Elsewhere): Promise<Place[]> {
  const { content } = await readDatabase(sender.databaseUrl);
  return [
    { name: 'the dump of the sending server', content },
    { name: 'the log of the sending server', content: Buffer.from(sender.logged()) },
  ];
}

/** Until a row of the outbox is so. */
async function untilOutbox(databaseUrl: string, condition: string, rows = 1): Promise<void> {
  const client = new Postgres({ connectionString: databaseUrl });
  await client.connect();
  try {
    await waitFor(`the outbox has ${rows} with ${condition}`, async () => {
      const found = await client.query(`select 1 from outbox_mail where ${condition}`);
      return found.rowCount === rows;
    });
  } finally {
    await client.end();
  }
}

async function untilAllSent(databaseUrl: string): Promise<void> {
  await untilOutbox(databaseUrl, `state <> 'sent'`, 0);
}
