// What the outbox promises when something dies: nothing queued is lost, and nothing that the mail server
// has acknowledged is sent again. The one case that SMTP leaves open has its test too, and says so.
import { Client as Postgres } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { waitFor } from '../support/wait-for.js';
import { createRecipient, makeLink, readLink } from '../links/press-link.js';
import { upload } from '../system/start-system.js';
import { makeAppHome, type AppHome, type AppProcess } from './start-app-process.js';
import {
  headerOf,
  linkIn,
  startMailServer,
  type MailServer,
  type ReceivedMail,
} from './start-mail-server.js';

let home: AppHome;
let mailServer: MailServer;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  home = await makeAppHome();
  mailServer = await startMailServer();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await home.leave();
  await mailServer.stop();
});

const smtpUrl = () => `smtp://127.0.0.1:${mailServer.port}`;

async function invite(admin: Client, email: string): Promise<void> {
  const response = await admin.json('POST', '/api/invitations', { email, role: 'member' });
  expect(response.status).toBe(201);
}

async function openPostgres(): Promise<Postgres> {
  const client = new Postgres({ connectionString: home.databaseUrl });
  await client.connect();
  cleanups.push(() => client.end());
  return client;
}

async function states(client: Postgres): Promise<string[]> {
  const { rows } = await client.query<{ state: string }>('select state from outbox_mail');
  return rows.map(({ state }) => state);
}

/** Ends the process once the mail server has taken a mail, and the mark waits for a lock. */
async function killWhileTheMarkWaits(app: AppProcess): Promise<void> {
  await waitFor('it was acknowledged', () => mailServer.mails.length === 1);
  const watcher = await openPostgres();
  await waitFor('the mark waits', async () => {
    const { rows } = await watcher.query(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update "outbox_mail"%'`,
    );
    return rows.length > 0;
  });
  await app.child.end('SIGKILL');
  await waitFor('its connections are gone', async () => {
    // PostgreSQL notices a dead client of a waiting statement only when the wait ends.
    await watcher.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'`,
    );
    const { rows } = await watcher.query(
      `select 1 from pg_stat_activity where datname = current_database() and query like 'update "outbox_mail"%' and state = 'active'`,
    );
    return rows.length === 0;
  });
}

const everybody = (server: MailServer) => server.mails.flatMap(({ recipients }) => recipients);

describe('with the mail server down', () => {
  test('everything else works, nothing is lost, and all of it goes out once it is back', async () => {
    await mailServer.goAway();
    const app = await home.start(smtpUrl());
    const admin = await app.signIn();
    const guests = Array.from({ length: 8 }, (_, i) => `guest${i}@example.org`);
    for (const guest of guests) await invite(admin, guest);
    await waitFor('each has been tried', async () => {
      const { mails } = (await (await admin.get('/api/outbox')).json()) as {
        mails: { lastError?: string }[];
      };
      return (
        mails.length === 8 && mails.every(({ lastError }) => lastError?.includes('ECONNREFUSED'))
      );
    });
    expect(await (await admin.get('/outbox')).text()).toContain('ECONNREFUSED');
    expect((await admin.get('/readyz')).status).toBe(200);
    await mailServer.comeBack();
    await waitFor('all have come', () => mailServer.mails.length >= 8, 40_000);
    const postgres = await openPostgres();
    await waitFor('all are marked', async () =>
      (await states(postgres)).every((state) => state === 'sent'),
    );
    expect(everybody(mailServer).toSorted()).toEqual(guests);
  });
});

describe('an app server that is killed', () => {
  test('between queueing and sending has lost nothing: the next one sends it, once', async () => {
    await mailServer.goAway();
    const first = await home.start(smtpUrl());
    await invite(await first.signIn(), 'guest@example.org');
    await first.child.end('SIGKILL');
    await mailServer.comeBack();
    expect(mailServer.mails).toEqual([]);

    await home.start(smtpUrl());
    // At worst the first one held it just then, for a minute.
    await waitFor('it has come', () => mailServer.mails.length > 0, 90_000);
    const postgres = await openPostgres();
    await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent');
    expect(everybody(mailServer)).toEqual(['guest@example.org']);
  }, 150_000);

  test('between the mail server’s 250 and its own mark does not send it again', async () => {
    const first = await home.start(smtpUrl());
    const admin = await first.signIn();
    const postgres = await openPostgres();
    // The row is held by somebody else, so that the mark has to wait: there the process is killed.
    mailServer.beforeAcknowledging = async () => {
      await postgres.query('begin');
      await postgres.query('select * from outbox_mail for update');
    };
    await invite(admin, 'guest@example.org');
    await killWhileTheMarkWaits(first);
    await postgres.query('rollback');
    expect(await states(postgres)).toEqual(['queued']);
    // The hold of a process that died runs out within a minute; the test does not wait for that.
    await postgres.query('update outbox_mail set held_until = now()');

    const second = await home.start(smtpUrl());
    await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent');
    expect(mailServer.mails).toHaveLength(1);
    expect(mailServer.connections).toBeLessThanOrEqual(3);
    expect(second.child.output()).toContain('a mail was sent before');
  });

  test('before the 250 reached it sends it again under the same Message-ID: what SMTP leaves open', async () => {
    const first = await home.start(smtpUrl());
    const admin = await first.signIn();
    let killed: Promise<unknown> | undefined;
    mailServer.beforeAcknowledging = async () => {
      killed ??= first.child.end('SIGKILL');
      await killed;
    };
    await invite(admin, 'guest@example.org');
    // The server has taken the mail, and its acknowledgement reaches nobody.
    await waitFor('the server has it', () => mailServer.mails.length === 1);
    const postgres = await openPostgres();
    expect(await states(postgres)).toEqual(['queued']);
    await postgres.query('update outbox_mail set held_until = now()');
    await home.start(smtpUrl());
    await waitFor('it comes again', () => mailServer.mails.length === 2);
    const ids = mailServer.mails.map((mail) => headerOf(mail, 'message-id'));
    expect(ids[0]).toBe(ids[1]);
    await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent');
  });
});

describe('the mail of a link', () => {
  const fetchable = async (app: AppProcess, mail: ReceivedMail | undefined) => {
    const page = await createRecipient(app.url, app.url).open(mail ? linkIn(mail) : 'none');
    return page.form !== undefined;
  };

  test('survives a kill between queueing and sending: it comes once, and its link is good', async () => {
    await mailServer.goAway();
    const first = await home.start(smtpUrl());
    const sender = await first.signIn();
    const { id } = await makeLink(sender, (await upload(sender)).id, { to: 'bo@example.net' });
    await waitFor('the sender reads why it waits', async () => {
      const { timeline } = await readLink(sender, id);
      return timeline.some(({ kind, reason }) => kind === 'mail-waiting' && reason !== undefined);
    });
    await first.child.end('SIGKILL');
    const postgres = await openPostgres();
    await postgres.query('update outbox_mail set held_until = now(), next_attempt_at = now()');
    await mailServer.comeBack();
    const second = await home.start(smtpUrl());
    await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent', 30_000);
    expect(everybody(mailServer)).toEqual(['bo@example.net']);
    expect(await fetchable(second, mailServer.mails[0])).toBe(true);
    const again = await second.signIn();
    expect((await readLink(again, id)).timeline.map(({ kind }) => kind)).toEqual([
      'created',
      'mail-sent',
      'page-seen',
    ]);
  });

  test('survives a kill between the 250 and the mark: it is not sent again, and shown as sent', async () => {
    const first = await home.start(smtpUrl());
    const sender = await first.signIn();
    const postgres = await openPostgres();
    mailServer.beforeAcknowledging = async () => {
      await postgres.query('begin');
      await postgres.query('select * from outbox_mail for update');
    };
    const { id } = await makeLink(sender, (await upload(sender)).id, { to: 'bo@example.net' });
    await killWhileTheMarkWaits(first);
    await postgres.query('rollback');
    await postgres.query('update outbox_mail set held_until = now()');
    const second = await home.start(smtpUrl());
    await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent');
    expect(mailServer.mails).toHaveLength(1);
    expect(await fetchable(second, mailServer.mails[0])).toBe(true);
    const { timeline } = await readLink(await second.signIn(), id);
    expect(timeline.map(({ kind }) => kind)).toContain('mail-sent');
  });
});

test('two app servers share one outbox and send each mail once', async () => {
  await mailServer.goAway();
  const [one, other] = await Promise.all([home.start(smtpUrl()), home.start(smtpUrl())]);
  const admin = await one.signIn();
  const guests = Array.from(
    { length: 30 },
    (_, i) => `guest${String(i).padStart(2, '0')}@example.org`,
  );
  for (const guest of guests) await invite(admin, guest);
  const postgres = await openPostgres();
  await mailServer.comeBack();
  await postgres.query('update outbox_mail set next_attempt_at = now()');
  await waitFor(
    'all are marked',
    async () => (await states(postgres)).every((state) => state === 'sent'),
    50_000,
  );
  expect(everybody(mailServer).toSorted()).toEqual(guests);
  for (const app of [one, other]) expect(app.child.output()).toContain('"a mail was sent"');
});

test('a database that goes away between the 250 and the mark does not have the mail sent again', async () => {
  const app = await home.start(smtpUrl());
  const admin = await app.signIn();
  const name = new URL(home.databaseUrl).pathname.slice(1);
  const other = new Postgres({ connectionString: process.env['TEST_DATABASE_ADMIN_URL'] });
  await other.connect();
  cleanups.push(() => other.end());
  mailServer.beforeAcknowledging = async () => {
    await other.query(`alter database ${name} allow_connections false`);
    await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
  };
  await invite(admin, 'guest@example.org');
  await waitFor('the mark waits', () => app.child.output().includes('waits to be marked'));
  await other.query(`alter database ${name} allow_connections true`);
  const postgres = await openPostgres();
  await waitFor('it is marked', async () => (await states(postgres)).join() === 'sent');
  expect(mailServer.mails).toHaveLength(1);
});
