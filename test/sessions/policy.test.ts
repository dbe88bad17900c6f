// How long sessions last and how many there may be: each rule over HTTP, with the clock in hand, in both stores.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Client } from '../app/client.js';
import type { StartOptions } from '../app/start-app-server.js';
import {
  closeBrowser,
  DAY_MS,
  DEVICE,
  isSignedIn,
  MINUTE_MS,
  REMEMBER,
  SESSION,
  startWithPeople,
  STORES,
  WAITING,
  type People,
  type Person,
} from './people.js';

const sessionsOf = async (client: Client, path = '/api/sessions') => {
  const response = await client.get(path);
  const { sessions } = (await response.json()) as { sessions: { id: string; current: boolean }[] };
  return sessions;
};

describe.each(STORES)('a session in %s', (_, options) => {
  let people: People;
  beforeAll(async () => {
    people = await startWithPeople(await options());
  });
  afterAll(() => people.app.stop());

  test('is over when it was not used for SESSION_IDLE_SECONDS, to the millisecond', async () => {
    const person = await people.newPerson();
    const [used, idle] = [await people.signIn(person), await people.signIn(person)];
    people.clock.nowMs += 7 * DAY_MS - 1;
    expect(await isSignedIn(used)).toBe(true);
    people.clock.nowMs += 1;
    expect(await isSignedIn(idle)).toBe(false);
    expect(await sessionsOf(used)).toHaveLength(1);
    people.clock.nowMs += 7 * DAY_MS - 2;
    expect(await isSignedIn(used)).toBe(true);
  });

  test('is over SESSION_LIFE_SECONDS after it began, however much it is used', async () => {
    const client = await people.signIn(await people.newPerson());
    for (let day = 1; day < 30; day += 1) {
      people.clock.nowMs += DAY_MS;
      expect(await isSignedIn(client)).toBe(true);
    }
    await client.json('POST', '/api/session/proof', { password: 'a password for a member' });
    people.clock.nowMs += DAY_MS - 1;
    expect(await isSignedIn(client)).toBe(true);
    people.clock.nowMs += 1;
    expect(await isSignedIn(client)).toBe(false);
  });

  test('shows its owner what helps to recognise it', async () => {
    const person = await people.newPerson();
    const client = await people.signIn(person, { remember: true });
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0';
    const other = people.app.visitor();
    await other.request('POST', '/api/session', {
      body: JSON.stringify(person),
      headers: { 'Content-Type': 'application/json', 'User-Agent': agent },
    });
    people.clock.nowMs += MINUTE_MS;
    expect(await sessionsOf(client)).toEqual([
      expect.objectContaining({ current: true, method: 'password', remembered: true }),
      expect.objectContaining({
        current: false,
        browser: 'Firefox 132 on Linux',
        userAgent: agent,
        address: '127.0.0.1',
        place: 'this very machine',
        remembered: false,
      }),
    ]);
    const page = await (await client.get('/devices')).text();
    for (const words of ['Firefox 132 on Linux', 'this very machine', 'stays signed in']) {
      expect(page).toContain(words);
    }
  });

  test('loses what its role allowed at the very next request', async () => {
    const person = await people.newPerson();
    const db = new pg.Client({ connectionString: people.databaseUrl });
    await db.connect();
    try {
      const setRole = (role: string) =>
        db.query('update account set role = $1 where email = $2', [role, person.email]);
      const client = await people.signIn(person);
      await setRole('admin');
      expect((await client.get('/api/accounts')).status).toBe(200);
      await setRole('member');
      expect((await client.get('/api/accounts')).status).toBe(403);
      await db.query('update account set disabled_at = now() where email = $1', [person.email]);
      expect(await isSignedIn(client)).toBe(false);
    } finally {
      await db.end();
    }
  });
});

describe.each(STORES)('with room for two sessions, in %s', (_, options) => {
  const limited = async (sessionLimitAction: 'end-oldest' | 'refuse'): Promise<StartOptions> => ({
    ...(await options()),
    config: { maxSessions: 2, sessionLimitAction },
  });

  describe('where the oldest ends', () => {
    let people: People;
    beforeAll(async () => {
      people = await startWithPeople(await limited('end-oldest'));
    });
    afterAll(() => people.app.stop());

    test('many sign-ins at once leave two', async () => {
      const person = await people.newPerson();
      const clients = await Promise.all(Array.from({ length: 8 }, () => people.signIn(person)));
      const alive = [];
      for (const client of clients) if (await isSignedIn(client)) alive.push(client);
      expect(alive).toHaveLength(2);
    });
  });

  describe('where one more is refused', () => {
    let people: People;
    let person: Person;
    let first: Client;
    let second: Client;
    beforeAll(async () => {
      people = await startWithPeople(await limited('refuse'));
    });
    afterAll(() => people.app.stop());

    async function full(): Promise<void> {
      person = await people.newPerson();
      first = await people.signIn(person);
      people.clock.nowMs += MINUTE_MS;
      second = await people.signIn(person);
    }

    async function refused(wish: { remember?: boolean } = {}): Promise<Client> {
      const client = people.app.visitor();
      const response = await client.json('POST', '/api/session', { ...person, ...wish });
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({
        type: 'urn:claimcheck:problem:too-many-sessions',
      });
      expect(client.cookies.has(SESSION)).toBe(false);
      return client;
    }

    test('the refused one sees the others, ends one, and is signed in', async () => {
      await full();
      const client = await refused();
      const others = await sessionsOf(client, '/api/session/waiting');
      expect(others).toHaveLength(2);
      const end = others[0]?.id;
      expect((await client.json('POST', '/api/session/waiting', { end })).status).toBe(204);
      expect(await isSignedIn(client)).toBe(true);
      expect(client.cookies.has(WAITING)).toBe(false);
      expect([await isSignedIn(first), await isSignedIn(second)]).toEqual([false, true]);
    });

    test('the page does the same, without script', async () => {
      await full();
      const visitor = people.app.visitor();
      const sent = await visitor.form('/sign-in', { ...person });
      expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/sign-in/make-room']);
      const page = await (await visitor.get('/sign-in/make-room')).text();
      const [end = ''] = [...page.matchAll(/name="end" value="([^"]+)"/g)].map(([, id]) => id);
      const done = await visitor.form('/sign-in/make-room', { end });
      expect([done.status, done.headers.get('Location')]).toEqual([303, '/files']);
      expect((await visitor.get('/files')).status).toBe(200);
    });

    test('the browser that signs in again keeps its own place', async () => {
      await full();
      expect((await second.json('POST', '/api/session', person)).status).toBe(204);
      expect(await isSignedIn(first)).toBe(true);
    });

    test('waiting is a proof and no session: it opens nothing else', async () => {
      await full();
      const client = await refused();
      for (const path of ['/api/session', '/api/files', '/api/sessions']) {
        expect((await client.get(path)).status).toBe(401);
      }
      const foreign = await client.request('POST', '/api/session/waiting', {
        headers: { Origin: 'https://evil.example' },
      });
      expect(foreign.status).toBe(403);
    });

    test('waiting ends after ten minutes, with a changed password, and with a disabled account', async () => {
      await full();
      const late = await refused();
      people.clock.nowMs += 10 * MINUTE_MS;
      expect((await late.get('/api/session/waiting')).status).toBe(401);
      const disabled = await refused();
      const stale = await refused();
      await first.json('PUT', '/api/account/password', {
        currentPassword: person.password,
        newPassword: 'another password for them',
      });
      expect((await stale.get('/api/session/waiting')).status).toBe(401);
      const db = new pg.Client({ connectionString: people.databaseUrl });
      await db.connect();
      await db.query('update account set disabled_at = now() where email = $1', [person.email]);
      await db.end();
      expect((await disabled.get('/api/session/waiting')).status).toBe(401);
    });

    test('a session of somebody else cannot be ended by it', async () => {
      await full();
      const stranger = await people.signIn(await people.newPerson());
      const [theirs] = await sessionsOf(stranger);
      const client = await refused();
      const response = await client.json('POST', '/api/session/waiting', { end: theirs?.id });
      expect(response.status).toBe(404);
      expect(await isSignedIn(stranger)).toBe(true);
    });

    test('the wish to stay signed in is carried through', async () => {
      await full();
      const client = await refused({ remember: true });
      expect(client.cookies.has(REMEMBER)).toBe(false);
      const [oldest] = await sessionsOf(client, '/api/session/waiting');
      await client.json('POST', '/api/session/waiting', { end: oldest?.id });
      expect(client.cookies.has(REMEMBER)).toBe(true);
    });

    test('a remembered browser that comes back and finds no room makes some, too', async () => {
      person = await people.newPerson();
      first = await people.signIn(person, { remember: true });
      await first.json('DELETE', `/api/sessions/${(await sessionsOf(first))[0]?.id}`, {});
      first = await people.signIn(person, { remember: true });
      const browser = people.copyOf(first, REMEMBER, DEVICE);
      people.clock.nowMs += 8 * DAY_MS;
      await people.signIn(person);
      people.clock.nowMs += MINUTE_MS;
      await people.signIn(person);
      const sent = await browser.get('/files');
      expect(sent.headers.get('Location')).toBe('/sign-in/make-room');
      const [oldest] = await sessionsOf(browser, '/api/session/waiting');
      await browser.json('POST', '/api/session/waiting', { end: oldest?.id });
      expect(await isSignedIn(browser)).toBe(true);
      closeBrowser(browser);
      people.clock.nowMs += MINUTE_MS;
    });

    test('many sign-ins at once let two in', async () => {
      person = await people.newPerson();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => people.app.visitor().json('POST', '/api/session', person)),
      );
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(2);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(6);
    });
  });
});
