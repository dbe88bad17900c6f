// What is kept: every table, every key of Redis and the log are searched for every id and secret that a browser
// was given. None of them is there, so a stolen copy signs nobody in.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectRedis } from '@claimcheck/shared/ledger';
import pg from 'pg';
import type { Client } from '../app/client.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import {
  closeBrowser,
  isSignedIn,
  MINUTE_MS,
  REMEMBER,
  startWithPeople,
  type People,
} from './people.js';

/** All rows of all tables, as text. */
async function dumpTables(databaseUrl: string): Promise<string> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  try {
    const tables = await db.query<{ tablename: string }>(
      `select tablename from pg_tables where schemaname = 'public'`,
    );
    const dumps: string[] = [];
    for (const { tablename } of tables.rows) {
      const { rows } = await db.query(`select to_jsonb(t) as row from "${tablename}" t`);
      dumps.push(tablename, JSON.stringify(rows));
    }
    return dumps.join('\n');
  } finally {
    await db.end();
  }
}

/** Names and values of all keys, in whatever form Redis has them. */
async function dumpRedis(url: string): Promise<string> {
  const redis = connectRedis(url);
  try {
    await waitFor('Redis is connected', () => redis.status === 'ready');
    const keys = (await redis.call('KEYS', '*')) as string[];
    const values: string[] = [];
    for (const key of keys) {
      const type = (await redis.call('TYPE', key)) as string;
      if (type === 'string') values.push(String(await redis.get(key)));
      if (type === 'zset') values.push((await redis.zrange(key, '0', '-1')).join(' '));
      if (type === 'hash') values.push(JSON.stringify(await redis.call('HGETALL', key)));
      if (type === 'set') values.push(JSON.stringify(await redis.call('SMEMBERS', key)));
      if (type === 'stream') values.push(JSON.stringify(await redis.xrange(key, '-', '+')));
    }
    return [...keys, ...values].join('\n');
  } finally {
    redis.disconnect();
  }
}

describe.each(['SQL', 'Redis'])('what is kept, sessions in %s', (store) => {
  let people: People;
  let redis: TestRedis | undefined;
  beforeAll(async () => {
    redis = store === 'Redis' ? await startRedis() : undefined;
    people = await startWithPeople({
      databaseUrl: await createDatabase(),
      ...(redis ? { redisUrl: redis.url } : {}),
      config: { maxSessions: 2, sessionLimitAction: 'refuse' },
      logLevel: 'debug',
    });
  });
  afterAll(async () => {
    await people.app.stop();
    await redis?.stop();
  });

  test('holds no id and no secret of any cookie', async () => {
    const given = new Set<string>();
    const note = (client: Client) => {
      for (const [name, value] of client.cookies) {
        // A selector is no secret.
        given.add(name === REMEMBER ? (value.split('.')[1] ?? '') : value);
      }
    };
    const person = await people.newPerson();
    const browser = await people.signIn(person, { remember: true });
    note(browser);
    await browser.json('POST', '/api/session/proof', { password: person.password });
    note(browser);
    const thief = people.copyOf(browser, REMEMBER);
    closeBrowser(browser);
    people.clock.nowMs += MINUTE_MS;
    await isSignedIn(browser);
    note(browser);
    await people.signIn(person);
    const waiting = people.app.visitor();
    await waiting.json('POST', '/api/session', person);
    note(waiting);
    const kept = async () =>
      (await dumpTables(people.databaseUrl)) + (redis ? await dumpRedis(redis.url) : '');
    const before = await kept();
    people.clock.nowMs += MINUTE_MS;
    await isSignedIn(thief);
    const everything = before + (await kept()) + people.app.logged();

    expect(given.size).toBeGreaterThanOrEqual(7);
    expect(everything).toContain('remembered_browser');
    expect(everything).toContain(store === 'Redis' ? 'sessions:' : 'id_hash');
    for (const secret of given) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(everything).not.toContain(secret);
    }
    expect(everything).not.toContain(person.password);
  });
});
