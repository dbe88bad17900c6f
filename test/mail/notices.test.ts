// The notice when somebody has fetched a file: once a link, however often it is reported, and not to
// people who said that they want none.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase, queueFetchedNotice, type OpenDatabase } from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import { upload } from '../app/files-and-claims.js';
import { startTestAppServer } from '../app/start-app-server.js';
import { startWithMail, type WithMail } from '../identity-links/with-mail.js';
import { makeLink } from '../links/press-link.js';
import { waitFor } from '../support/wait-for.js';
import { headerOf, linkIn } from './start-mail-server.js';

const ORIGIN = 'http://localhost:3000';
const PASSWORD = 'a password for a member';

let app: WithMail;
let database: OpenDatabase;
beforeAll(async () => {
  app = await startWithMail();
  const log = createLogger('test', 'silent');
  database = await openDatabase({
    databaseUrl: app.databaseUrl,
    dataDir: app.config.dataDir,
    log,
  });
});
afterAll(async () => {
  await database.close();
  await app.stop();
});

let counter = 0;
interface Sender {
  accountId: string;
  email: string;
  /** Makes a link to a file of this name, and returns its id. */
  link: (wish?: Record<string, unknown>, fileName?: string) => Promise<string>;
}

async function somebody(): Promise<Sender> {
  counter += 1;
  const email = `sender${counter}@example.org`;
  const accountId = (await app.addAccount(email, PASSWORD)).id;
  const client = await app.signedIn({ email, password: PASSWORD });
  return {
    accountId,
    email,
    link: async (wish = {}, fileName = 'report.pdf') =>
      (await makeLink(client, (await upload(client, fileName)).id, wish)).id,
  };
}

const notice = (linkId: string) =>
  queueFetchedNotice(database.db, {
    linkId,
    finishedAt: new Date('2026-11-22T12:34:56Z'),
    appOrigin: ORIGIN,
    nowMs: Date.now(),
  });

const countFor = async (email: string) =>
  (
    await database.db
      .selectFrom('outbox_mail')
      .select('id')
      .where('recipient', '=', email)
      .execute()
  ).length;

describe('a notice', () => {
  test('comes once a link, says which file and to whom, and how to have no more', async () => {
    const { email, link } = await somebody();
    const id = await link({ to: 'bob@example.org' }, 'Übersicht 資料.pdf');
    for (let i = 0; i < 3; i += 1) expect(await notice(id)).toBe('queued');
    const mail = await app.nextMail(email);
    expect(mail.email.subject).toBe('Fetched: Übersicht 資料.pdf');
    expect(mail.email.text).toContain('Übersicht 資料.pdf');
    expect(mail.email.text).toContain('bob@example.org');
    expect(mail.email.text).toContain('22 Nov 2026, 12:34 UTC');
    expect(mail.email.text).toContain(`${ORIGIN}/links/${id}`);
    expect(headerOf(mail, 'list-unsubscribe')).toBe(`<${linkIn(mail)}>`);
    expect(new URL(linkIn(mail)).pathname.length).toBeLessThanOrEqual(40);
    expect(await countFor(email)).toBe(1);
    await notice(await link());
    await app.nextMail(email, 'Fetched: report.pdf');
  });

  test('queued twice at the same moment is one', async () => {
    const { email, link } = await somebody();
    const id = await link();
    await Promise.all(Array.from({ length: 10 }, () => notice(id)));
    expect(await countFor(email)).toBe(1);
  });

  test('is not for a disabled account', async () => {
    const { accountId, email, link } = await somebody();
    const id = await link();
    const admin = await app.signedIn();
    await admin.json('PATCH', `/api/accounts/${accountId}`, { disabled: true });
    expect(await notice(id)).toBe('not-wanted');
    expect(await countFor(email)).toBe(0);
  });
});

describe('having no more of them', () => {
  test('by the one click of RFC 8058 takes no sign-in, no cookie, no page; looking takes nothing', async () => {
    const { email, link } = await somebody();
    await notice(await link());
    const path = new URL(linkIn(await app.nextMail(email))).pathname;
    const page = await app.visitor().get(path, { Accept: 'text/html' });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('method="post"');
    expect(await notice(await link())).toBe('queued');

    const click = await fetch(new URL(path, app.url), {
      method: 'POST',
      body: 'List-Unsubscribe=One-Click',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(click.status).toBe(200);
    expect(await notice(await link())).toBe('not-wanted');
    expect(app.logged()).not.toContain(path.split('/').at(-1));
    expect((await app.visitor().form('/n/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404);
  });

  test('and having them again is on the account page and in the API', async () => {
    const { email, link } = await somebody();
    const id = await link();
    const client = await app.signedIn({ email, password: PASSWORD });
    const checked = async () =>
      /id="fetched"[^>]*checked/.test(await (await client.get('/account')).text());
    expect(await checked()).toBe(true);
    expect((await client.form('/account/notices')).status).toBe(303);
    expect(await checked()).toBe(false);
    expect(await notice(id)).toBe('not-wanted');
    const put = await client.json('PUT', '/api/account/notices', { fetched: true });
    expect(put.status).toBe(204);
    expect(await checked()).toBe(true);
    expect(await notice(id)).toBe('queued');
  });

  test('works from the mail for a year after it', async () => {
    const { accountId, email, link } = await somebody();
    await notice(await link());
    const path = new URL(linkIn(await app.nextMail(email))).pathname;
    const dayMs = 24 * 60 * 60_000;
    const openAfter = async (days: number) => {
      const nowMs = Date.now() + days * dayMs;
      const old = `older than a year after ${days} days`;
      const created_at = new Date(nowMs - 366 * dayMs);
      const row = { handle_hash: old, account_id: accountId, created_at };
      await database.db.insertInto('opt_out_handle').values(row).execute();
      const later = await startTestAppServer({ databaseUrl: app.databaseUrl, now: () => nowMs });
      try {
        // What is old is forgotten first thing after a start, and hourly.
        await waitFor('the old one is forgotten', async () => {
          const select = database.db.selectFrom('opt_out_handle').select('handle_hash');
          return (await select.where('handle_hash', '=', old).execute()).length === 0;
        });
        return (await later.visitor().get(path, { Accept: 'text/html' })).status;
      } finally {
        await later.stop();
      }
    };
    expect(await openAfter(364)).toBe(200);
    expect(await openAfter(366)).toBe(404);
  });

  test('for one link leaves those of the others', async () => {
    const { email, link } = await somebody();
    const client = await app.signedIn({ email, password: PASSWORD });
    const [quiet, changed, other] = [await link({ notify: false }), await link(), await link()];
    expect(await notice(quiet)).toBe('not-wanted');
    expect((await client.form(`/links/${changed}/notify`, { notify: 'no' })).status).toBe(303);
    expect(await (await client.get(`/links/${changed}`)).text()).toContain('<dd>no mail</dd>');
    expect(await notice(changed)).toBe('not-wanted');
    expect(await notice(other)).toBe('queued');
    await client.json('PATCH', `/api/links/${changed}`, { notify: true });
    expect(await notice(changed)).toBe('queued');
    expect(await countFor(email)).toBe(2);
  });
});
