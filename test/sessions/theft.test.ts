// A remember cookie that was copied: every order in which a thief and the browser can come. Whoever presents a
// secret that was replaced ends the whole family, and the grace for parallel requests gives a thief nothing.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Client } from '../app/client.js';
import { burn, claimOf, mint, upload } from '../app/files-and-claims.js';
import {
  closeBrowser,
  DEVICE,
  isSignedIn,
  MINUTE_MS,
  REMEMBER,
  SESSION,
  startWithPeople,
  STORES,
  type People,
  type Person,
} from './people.js';

const AFTER_THE_GRACE_MS = 11_000;

describe.each(STORES)('a stolen remember cookie, sessions in %s', (_, options) => {
  let people: People;
  let person: Person;
  let db: pg.Client;
  beforeAll(async () => {
    people = await startWithPeople(await options());
    db = new pg.Client({ connectionString: people.databaseUrl });
    await db.connect();
  });
  afterAll(async () => {
    await db.end();
    await people.app.stop();
  });

  /** A browser whose owner stays signed in, closed and opened again; and a thief with its remember cookie. */
  async function robbed(...stolen: string[]): Promise<{ browser: Client; thief: Client }> {
    person = await people.newPerson();
    const browser = await people.signIn(person, { remember: true });
    closeBrowser(browser);
    people.clock.nowMs += MINUTE_MS;
    return { browser, thief: people.copyOf(browser, REMEMBER, ...stolen) };
  }

  /** As a browser does it: the page sends it to itself, and it comes with what it was given. */
  async function openPage(client: Client): Promise<number> {
    const first = await client.get('/files');
    if (first.headers.get('Location') !== '/files') return first.status;
    return (await client.get('/files')).status;
  }

  async function expectAllOver(...clients: Client[]): Promise<void> {
    for (const client of clients) expect(await isSignedIn(client)).toBe(false);
    const { rows } = await db.query<{ count: string }>(
      `select count(*) from remembered_browser join account on account.id = account_id where email = $1`,
      [person.email],
    );
    expect(rows[0]?.count).toBe('0');
  }

  async function mailsTo({ email }: Person): Promise<{ kind: string; subject: string }[]> {
    const mails = await db.query<{ kind: string; subject: string }>(
      `select kind, subject from outbox_mail where recipient = $1`,
      [email],
    );
    return mails.rows;
  }

  describe.each([
    ['alone', []],
    ['with the device cookie', [DEVICE]],
  ])('%s', (__, stolen: string[]) => {
    test('used first by the thief is noticed when its browser comes, and ends both', async () => {
      const { browser, thief } = await robbed(...stolen);
      expect(await openPage(thief)).toBe(200);
      people.clock.nowMs += AFTER_THE_GRACE_MS;
      expect(await openPage(browser)).toBe(303);
      expect(browser.cookies.has(REMEMBER)).toBe(false);
      await expectAllOver(browser, thief);
    });

    test('used first by its browser is noticed when the thief comes, and ends both', async () => {
      const { browser, thief } = await robbed(...stolen);
      expect(await openPage(browser)).toBe(200);
      people.clock.nowMs += AFTER_THE_GRACE_MS;
      expect(await isSignedIn(thief)).toBe(false);
      await expectAllOver(browser, thief);
    });

    test('used by both within the grace gives the second nothing, whichever it is', async () => {
      for (const thiefFirst of [true, false]) {
        const { browser, thief } = await robbed(...stolen);
        const [first, second] = thiefFirst ? [thief, browser] : [browser, thief];
        expect(await openPage(first)).toBe(200);
        for (const elapsedMs of [0, 5000, 4999]) {
          people.clock.nowMs += elapsedMs;
          const refused = await second.get('/files');
          expect(refused.status).toBe(503);
          expect(refused.headers.getSetCookie()).toEqual([]);
          expect(second.cookies.has(SESSION)).toBe(false);
        }
        people.clock.nowMs += 1;
        expect(await isSignedIn(second)).toBe(false);
        await expectAllOver(browser, thief);
      }
    });

    test('used by both at the same moment gives one of them a session, and soon none', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { browser, thief } = await robbed(...stolen);
        const answers = await Promise.all([browser.get('/files'), thief.get('/files')]);
        const statuses = answers.map(({ status }) => status);
        expect(statuses).toContain(303);
        expect(statuses).toContain(503);
        const [winner, loser] = statuses[0] === 303 ? [browser, thief] : [thief, browser];
        expect(await openPage(winner)).toBe(200);
        people.clock.nowMs += AFTER_THE_GRACE_MS;
        expect(await isSignedIn(loser)).toBe(false);
        await expectAllOver(browser, thief);
      }
    });
  });

  test('used while its browser is signed in signs that out, and is noticed at its next request', async () => {
    person = await people.newPerson();
    const browser = await people.signIn(person, { remember: true });
    const thief = people.copyOf(browser, REMEMBER);
    people.clock.nowMs += MINUTE_MS;
    expect(await openPage(thief)).toBe(200);
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    expect(await openPage(browser)).toBe(303);
    await expectAllOver(browser, thief);
  });

  test('is noticed by any older secret, not by the last one alone', async () => {
    const { browser, thief } = await robbed();
    for (let use = 0; use < 3; use += 1) {
      expect(await openPage(browser)).toBe(200);
      closeBrowser(browser);
      people.clock.nowMs += MINUTE_MS;
    }
    expect(await isSignedIn(thief)).toBe(false);
    await expectAllOver(browser, thief);
  });

  test('whose answer was lost is not forgiven to who brings no device cookie', async () => {
    const { browser, thief } = await robbed();
    // Nothing shows that the browser got this answer.
    await browser.get('/files');
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    expect(await isSignedIn(thief)).toBe(false);
    await expectAllOver(browser, thief);
  });

  test('with the device cookie, before its browser could answer, is noticed as soon as that comes', async () => {
    const { browser, thief } = await robbed(DEVICE);
    await browser.get('/files');
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    expect(await openPage(thief)).toBe(200);
    people.clock.nowMs += MINUTE_MS;
    expect(await openPage(browser)).toBe(303);
    await expectAllOver(browser, thief);
  });

  test('kills the claims of both, and downloads under way with them', async () => {
    // The ledger goes by its own clock.
    people.clock.nowMs = Date.now() - MINUTE_MS - AFTER_THE_GRACE_MS - 1000;
    const { browser, thief } = await robbed();
    expect(await openPage(thief)).toBe(200);
    const file = await upload(thief, 'a.txt');
    const claim = await claimOf(people.app, (await mint(thief, file.id)).url);
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    await openPage(browser);
    expect(await burn(people.app.ledger, claim)).toBe('revoked');
  });

  test('leaves sessions of other browsers alone', async () => {
    const { browser, thief } = await robbed();
    const [other, plain] = [
      await people.signIn(person, { remember: true }),
      await people.signIn(person),
    ];
    await openPage(thief);
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    await openPage(browser);
    expect(await isSignedIn(plain)).toBe(true);
    closeBrowser(other);
    expect(await isSignedIn(other)).toBe(true);
  });

  test('is told to its owner once by mail, and on every page until it was read', async () => {
    const { browser, thief } = await robbed();
    await openPage(thief);
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    await openPage(browser);
    await isSignedIn(thief);
    expect(await mailsTo(person)).toEqual([
      { kind: 'account-notice', subject: 'Somebody may have copied your sign-in' },
    ]);
    const again = await people.signIn(person);
    for (const path of ['/files', '/devices', '/account']) {
      expect(await (await again.get(path)).text()).toContain('copied your sign-in');
    }
    const shown = (await (await again.get('/api/session')).json()) as { secretStolenAt: string };
    expect(Date.parse(shown.secretStolenAt)).toBe(people.clock.nowMs);
    expect((await again.form('/devices/theft-notice')).status).toBe(303);
    expect(await (await again.get('/files')).text()).not.toContain('copied your sign-in');
  });

  test('is written down without any secret', async () => {
    const { browser, thief } = await robbed();
    const secrets = [browser.cookies.get(REMEMBER) ?? ''];
    await openPage(thief);
    secrets.push(thief.cookies.get(REMEMBER) ?? '', thief.cookies.get(SESSION) ?? '');
    people.clock.nowMs += AFTER_THE_GRACE_MS;
    await openPage(browser);
    const { rows } = await db.query<{ address: string; details: string; subject: string }>(
      `select e.* from audit_entry e join account a on a.id = e.account_id
       where a.email = $1 and e.action in ('browser.secret-stolen', 'session.ended')`,
      [person.email],
    );
    expect(rows).toHaveLength(3);
    const everything = JSON.stringify(rows) + people.app.logged();
    for (const secret of secrets.flatMap((value) => value.split('.'))) {
      expect(secret.length).toBeGreaterThan(20);
      expect(everything).not.toContain(secret);
    }
  });
});
