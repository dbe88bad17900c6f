// Staying signed in: what the cookie is, what it can do, and what becomes of it. Theft has a file of its own.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { upload } from '../app/files-and-claims.js';
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
  type People,
  type Person,
} from './people.js';

describe.each(STORES)('a remembered browser, sessions in %s', (_, options) => {
  let people: People;
  let person: Person;
  beforeAll(async () => {
    people = await startWithPeople(await options());
    person = await people.newPerson();
  });
  afterAll(() => people.app.stop());

  const remembered = () => people.signIn(person, { remember: true });
  const browsersOf = async (client: Client) => {
    const response = await client.get('/api/remembered-browsers');
    const { browsers } = (await response.json()) as {
      browsers: { id: string; current: boolean; expiresAt: string }[];
    };
    return browsers;
  };

  test('has a cookie of its own that outlives its closing, and none unless it was asked for', async () => {
    const asked = await people.app
      .visitor()
      .json('POST', '/api/session', { ...person, remember: true });
    expect(asked.headers.getSetCookie()).toContainEqual(
      expect.stringMatching(
        /^__Host-claimcheck-remember=[\w-]{22}\.[\w-]{43}; Max-Age=2592000; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
      ),
    );
    const unasked = await people.signIn(person);
    expect(unasked.cookies.has(REMEMBER)).toBe(false);
  });

  test('is asked for by the box of the sign-in page, which stays ticked when it is shown again', async () => {
    const visitor = people.app.visitor();
    expect(await (await visitor.get('/sign-in')).text()).toContain('name="remember"');
    const wrong = { ...person, password: 'wrong', remember: 'on' };
    const again = await (await visitor.form('/sign-in', wrong)).text();
    expect(again).toMatch(/name="remember"[^>]*checked/);
    await visitor.form('/sign-in', { ...person, remember: 'on' });
    expect(visitor.cookies.has(REMEMBER)).toBe(true);
  });

  test('comes back with a new session, a new secret, and no proof', async () => {
    const client = await remembered();
    const [session, secret] = [client.cookies.get(SESSION), client.cookies.get(REMEMBER)];
    closeBrowser(client);
    people.clock.nowMs += MINUTE_MS;
    const back = await client.get('/api/session');
    expect(await back.json()).toMatchObject({ session: { method: 'remembered', provenAt: null } });
    expect(client.cookies.get(SESSION)).not.toBe(session);
    expect(client.cookies.get(REMEMBER)).not.toBe(secret);
    expect(client.cookies.get(REMEMBER)?.split('.')[0]).toBe(secret?.split('.')[0]);
    const dangerous = await client.json('POST', '/api/webhooks', { url: 'https://x.example/' });
    expect(await dangerous.json()).toMatchObject({ type: 'urn:claimcheck:problem:proof-needed' });
    await client.json('POST', '/api/session/proof', { password: person.password });
    const proven = await client.json('POST', '/api/webhooks', { url: 'https://x.example/' });
    expect(proven.status).toBe(201);
  });

  test('has one session however often it is closed and opened', async () => {
    const someone = await people.newPerson();
    const [client, other] = [
      await people.signIn(someone, { remember: true }),
      await people.signIn(someone),
    ];
    for (let opened = 0; opened < 5; opened += 1) {
      closeBrowser(client);
      people.clock.nowMs += MINUTE_MS;
      expect(await isSignedIn(client)).toBe(true);
    }
    const { sessions } = (await (await other.get('/api/sessions')).json()) as {
      sessions: object[];
    };
    expect(sessions).toHaveLength(2);
  });

  test('is sent to the very page it asked for, once it has its new cookies', async () => {
    const client = await remembered();
    closeBrowser(client);
    const sent = await client.get('/claims?after=1.a');
    expect([sent.status, sent.headers.get('Location')]).toEqual([303, '/claims?after=1.a']);
    expect((await client.get('/claims?after=1.a')).status).toBe(200);
    closeBrowser(client);
    const entry = await client.get('/sign-in?next=%2Fdevices');
    expect(entry.headers.get('Location')).toBe('/sign-in?next=%2Fdevices');
    const next = await client.get('/sign-in?next=%2Fdevices');
    expect(next.headers.get('Location')).toBe('/devices');
  });

  test('comes back with a form too, but only from a page of ours', async () => {
    const client = await remembered();
    const file = await upload(client, 'a.txt');
    closeBrowser(client);
    for (const headers of [{ Origin: '' }, { Origin: 'https://evil.example' }]) {
      const foreign = await client.request('POST', `/files/${file.id}/delete`, { headers });
      expect(foreign.status).toBe(403);
    }
    expect(client.cookies.has(SESSION)).toBe(false);
    const own = await client.form(`/files/${file.id}/delete`);
    expect(own.headers.get('Location')).toBe('/files?done=deleted');
  });

  test('keeps coming back until its time is over, counted from the proof', async () => {
    const client = await remembered();
    for (let day = 0; day < 29; day += 1) {
      people.clock.nowMs += DAY_MS;
      closeBrowser(client);
      expect(await isSignedIn(client)).toBe(true);
    }
    closeBrowser(client);
    people.clock.nowMs += DAY_MS;
    expect(await isSignedIn(client)).toBe(false);
    expect(client.cookies.has(REMEMBER)).toBe(false);
  });

  test('is forgotten by signing out, also when only its own cookie is left', async () => {
    const first = await remembered();
    const copy = people.copyOf(first, REMEMBER, DEVICE);
    await first.request('DELETE', '/api/session');
    expect(first.cookies.has(REMEMBER)).toBe(false);
    expect(await isSignedIn(copy)).toBe(false);
    const second = await remembered();
    const later = people.copyOf(second, REMEMBER, DEVICE);
    closeBrowser(second);
    await second.form('/sign-out');
    expect(await isSignedIn(later)).toBe(false);
  });

  test('is forgotten by a changed password, also where it was changed, whose session stays', async () => {
    const someone = await people.newPerson();
    const [client, other] = [
      await people.signIn(someone, { remember: true }),
      await people.signIn(someone, { remember: true }),
    ];
    const changed = await client.json('PUT', '/api/account/password', {
      currentPassword: someone.password,
      newPassword: 'another password for them',
    });
    expect(changed.status).toBe(204);
    expect([await isSignedIn(client), await isSignedIn(other)]).toEqual([true, false]);
    closeBrowser(client);
    expect(await isSignedIn(client)).toBe(false);
  });

  test('is forgotten when somebody signs in there anew', async () => {
    const client = await remembered();
    const copy = people.copyOf(client, REMEMBER, DEVICE);
    await client.json('POST', '/api/session', person);
    expect(client.cookies.has(REMEMBER)).toBe(false);
    expect(await isSignedIn(copy)).toBe(false);
  });

  test('is listed, and forgotten alone or with all, while its session goes on', async () => {
    const client = await remembered();
    const elsewhere = await remembered();
    const [here] = (await browsersOf(client)).filter(({ current }) => current);
    const path = `/api/remembered-browsers/${here?.id}`;
    expect((await elsewhere.request('DELETE', path)).status).toBe(204);
    expect((await elsewhere.request('DELETE', path)).status).toBe(404);
    expect(await isSignedIn(client)).toBe(true);
    closeBrowser(client);
    expect(await isSignedIn(client)).toBe(false);
    expect((await elsewhere.form('/devices/forget-all')).status).toBe(303);
    expect(await browsersOf(elsewhere)).toEqual([]);
    expect(elsewhere.cookies.has(REMEMBER)).toBe(false);
    closeBrowser(elsewhere);
    expect(await isSignedIn(elsewhere)).toBe(false);
  });

  test('of somebody else can neither be seen nor forgotten', async () => {
    const client = await remembered();
    const [browser] = await browsersOf(client);
    const stranger = await people.signIn(await people.newPerson());
    expect(await browsersOf(stranger)).toEqual([]);
    const path = `/api/remembered-browsers/${browser?.id}`;
    expect((await stranger.request('DELETE', path)).status).toBe(404);
  });

  test('is not taken in by a cookie that is malformed, unknown or of a selector alone', async () => {
    const selector = (await remembered()).cookies.get(REMEMBER)?.split('.')[0] ?? '';
    for (const value of ['', 'x', selector, `${'A'.repeat(22)}.${'A'.repeat(43)}`]) {
      const client = people.app.visitor();
      client.cookies.set(REMEMBER, value);
      expect(await isSignedIn(client)).toBe(false);
    }
  });

  test('that asks twice at once gets one session; the other request is told to ask again', async () => {
    for (let round = 0; round < 20; round += 1) {
      const client = await remembered();
      closeBrowser(client);
      const copies = Array.from({ length: 4 }, () => people.copyOf(client, REMEMBER, DEVICE));
      const answers = await Promise.all(copies.map((copy) => copy.get('/files')));
      const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
      expect([count(303), count(503)]).toEqual([1, 3]);
      for (const refused of answers.filter(({ status }) => status === 503)) {
        expect([refused.headers.get('Refresh'), refused.headers.getSetCookie()]).toEqual(['1', []]);
      }
      // All answers are of one browser: its cookies are those of the one that got some.
      const winner = copies[answers.findIndex(({ status }) => status === 303)];
      for (let i = 0; i < 4; i += 1) expect((await winner?.get('/files'))?.status).toBe(200);
      await winner?.request('DELETE', '/api/session');
    }
  });

  test('whose answer got lost is taken back, and what the lost answer brought is void', async () => {
    const client = await remembered();
    closeBrowser(client);
    const lost = people.copyOf(client, REMEMBER, DEVICE);
    // Its cookies reach nobody, and nobody asks with them.
    await lost.get('/files');
    people.clock.nowMs += 11_000;
    expect(await isSignedIn(client)).toBe(true);
    closeBrowser(client);
    people.clock.nowMs += MINUTE_MS;
    expect(await isSignedIn(client)).toBe(true);
    expect((await browsersOf(client)).length).toBeGreaterThan(0);
    expect(await isSignedIn(people.copyOf(lost, SESSION))).toBe(false);
  });
});
