// Accounts: who may make and disable them, and that every change acts at the very next request.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase } from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import { createDatabase } from '../support/postgres.js';
import type { Client } from './client.js';
import { ADMIN, startTestAppServer, type TestAppServer } from './start-app-server.js';

interface AccountJson {
  id: string;
  email: string;
  role: string;
  disabled: boolean;
}

let app: TestAppServer;
let admin: Client;
beforeAll(async () => {
  app = await startTestAppServer({ databaseUrl: await createDatabase() });
  admin = await app.signedIn();
});
afterAll(() => app.stop());

let counter = 0;
function somebody(): { email: string; password: string; role: string } {
  counter += 1;
  return { email: `somebody${counter}@example.org`, password: 'a long password', role: 'member' };
}

async function add(account = somebody()): Promise<AccountJson> {
  const response = await admin.json('POST', '/api/accounts', account);
  expect(response.status).toBe(201);
  return (await response.json()) as AccountJson;
}

const list = async (query = '') =>
  (await (await admin.get(`/api/accounts${query}`)).json()) as {
    accounts: AccountJson[];
    next?: string;
  };

describe('adding an account', () => {
  test('answers with it, never with its password, and it can sign in', async () => {
    const wanted = somebody();
    const account = await add({ ...wanted, email: ` ${wanted.email.toUpperCase()}` });
    expect(account).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{12}$/),
      email: wanted.email,
      role: 'member',
      disabled: false,
      createdAt: expect.any(String),
    });
    await app.signedIn(wanted);
  });

  test('refuses an address that is taken, in whatever case', async () => {
    const { email } = await add();
    const again = await admin.json('POST', '/api/accounts', {
      ...somebody(),
      email: email.toUpperCase(),
    });
    expect(again.status).toBe(409);
    const onPage = await admin.form('/accounts', { ...somebody(), email });
    expect(onPage.status).toBe(409);
    expect(await onPage.text()).toContain('has an account already');
  });

  test('names every field that is wrong', async () => {
    const response = await admin.json('POST', '/api/accounts', {
      email: 'nobody',
      password: 'short',
      role: 'owner',
    });
    expect(response.status).toBe(422);
    const { detail } = (await response.json()) as { detail: string };
    expect(detail).toMatch(/email: .*; password: .*at least 10 characters.*; role: /);
  });

  test.each([
    ['nine characters', 'x'.repeat(9), 422],
    ['ten', 'xy'.repeat(5), 201],
    ['256', 'x'.repeat(256), 201],
    ['257', 'x'.repeat(257), 422],
    ['ten that UTF-16 stores as twenty', '😀'.repeat(10), 201],
    ['nine that UTF-16 stores as eighteen', '😀'.repeat(9), 422],
  ])('with a password of %s answers accordingly', async (_, password, status) => {
    const response = await admin.json('POST', '/api/accounts', { ...somebody(), password });
    expect(response.status).toBe(status);
  });

  test('by the page shows it there', async () => {
    const wanted = somebody();
    const response = await admin.form('/accounts', wanted);
    expect(response.headers.get('Location')).toBe('/accounts?done=account-added');
    const page = await (await admin.get('/accounts?done=account-added')).text();
    expect(page).toContain(wanted.email);
    expect(page).toContain('Account added.');
  });
});

test('the list is newest first and continues page by page without gap or repetition', async () => {
  for (let i = 0; i < 5; i += 1) await add();
  const all = (await list()).accounts.map(({ id }) => id);
  const seen: string[] = [];
  let path: string | undefined = '/api/accounts?limit=2';
  while (path !== undefined) {
    const { accounts, next }: Awaited<ReturnType<typeof list>> = await list(
      path.replace('/api/accounts', ''),
    );
    seen.push(...accounts.map(({ id }) => id));
    path = next === undefined ? undefined : `${next}&limit=2`;
  }
  expect(seen).toEqual(all);
  expect(seen.length).toBeGreaterThanOrEqual(6);
});

describe('a member', () => {
  test.each([
    ['GET', '/api/accounts'],
    ['POST', '/api/accounts'],
    ['PATCH', '/api/accounts/x'],
    ['GET', '/accounts'],
    ['POST', '/accounts'],
    ['POST', '/accounts/x/disable'],
    ['POST', '/accounts/x/enable'],
  ])('may not %s %s', async (method, path) => {
    const wanted = somebody();
    await add(wanted);
    const member = await app.signedIn(wanted);
    expect((await member.request(method, path)).status).toBe(403);
    expect((await app.visitor().request(method, path)).status).toBe(
      path.startsWith('/api/') ? 401 : 303,
    );
  });
});

test('role and being disabled are read at every request, also when SQL alone was changed', async () => {
  const wanted = somebody();
  const { id } = await add(wanted);
  const member = await app.signedIn(wanted);
  const { databaseUrl, dataDir } = app.config;
  const log = createLogger('test', 'silent');
  const { db, close } = await openDatabase({ databaseUrl, dataDir, log });
  try {
    const set = (change: { role?: 'admin' | 'member'; disabled_at?: Date | null }) =>
      db.updateTable('account').set(change).where('id', '=', id).execute();
    expect((await member.get('/api/accounts')).status).toBe(403);
    await set({ role: 'admin' });
    expect((await member.get('/api/accounts')).status).toBe(200);
    await set({ role: 'member' });
    expect((await member.get('/api/accounts')).status).toBe(403);
    await set({ disabled_at: new Date() });
    expect((await member.get('/api/session')).status).toBe(401);
  } finally {
    await close();
  }
});

describe('disabling an account', () => {
  test('acts at its very next request and keeps it from signing in, until it is enabled', async () => {
    const wanted = somebody();
    const { id } = await add(wanted);
    const [phone, laptop] = [await app.signedIn(wanted), await app.signedIn(wanted)];
    expect((await phone.get('/api/session')).status).toBe(200);

    const response = await admin.json('PATCH', `/api/accounts/${id}`, { disabled: true });
    expect(await response.json()).toMatchObject({ id, disabled: true });
    expect((await phone.get('/api/session')).status).toBe(401);
    expect((await laptop.get('/api/session')).status).toBe(401);
    expect((await app.visitor().json('POST', '/api/session', wanted)).status).toBe(401);

    await admin.json('PATCH', `/api/accounts/${id}`, { disabled: false });
    expect((await phone.get('/api/session')).status).toBe(401);
    expect((await (await app.signedIn(wanted)).get('/api/session')).status).toBe(200);
  });

  test('by the page does the same', async () => {
    const wanted = somebody();
    const { id } = await add(wanted);
    const member = await app.signedIn(wanted);
    const disabled = await admin.form(`/accounts/${id}/disable`);
    expect(disabled.headers.get('Location')).toBe('/accounts?done=account-disabled');
    expect((await member.get('/api/session')).status).toBe(401);
    await admin.form(`/accounts/${id}/enable`);
    await app.signedIn(wanted);
  });

  test('is refused for one’s own, for unknown ones and for odd bodies', async () => {
    const { account } = (await (await admin.get('/api/session')).json()) as {
      account: AccountJson;
    };
    const patch = async (id: string, body: unknown) =>
      (await admin.json('PATCH', `/api/accounts/${id}`, body)).status;
    expect(await patch(account.id, { disabled: true })).toBe(409);
    expect(await patch('AAAAAAAAAAAA', { disabled: true })).toBe(404);
    expect(await patch('AAAAAAAAAAAA', { disabled: false })).toBe(404);
    expect(await patch('..%2Fx', { disabled: true })).toBe(404);
    expect(await patch(account.id, { disabled: 'yes' })).toBe(422);
    expect(await patch(account.id, { disabled: false, role: 'member' })).toBe(422);
    expect((await admin.get('/api/session')).status).toBe(200);
  });

  test('leaves one administrator when two disable each other at once', async () => {
    const wanted = { ...somebody(), role: 'admin' };
    const { id } = await add(wanted);
    const second = await app.signedIn(wanted);
    const { account } = (await (await admin.get('/api/session')).json()) as {
      account: AccountJson;
    };
    const statuses = await Promise.all([
      admin.json('PATCH', `/api/accounts/${id}`, { disabled: true }),
      second.json('PATCH', `/api/accounts/${account.id}`, { disabled: true }),
    ]).then((responses) => responses.map(({ status }) => status));
    expect(statuses).toContain(200);
    expect(statuses).not.toEqual([200, 200]);
    const left = (await admin.get('/api/accounts')).status === 200 ? admin : second;
    for (const one of [id, account.id]) {
      await left.json('PATCH', `/api/accounts/${one}`, { disabled: false });
    }
    admin = await app.signedIn();
  });
});

describe('changing one’s own password', () => {
  test('ends all other sessions, keeps this one, and the old password is over', async () => {
    const wanted = somebody();
    await add(wanted);
    const [here, elsewhere] = [await app.signedIn(wanted), await app.signedIn(wanted)];
    const newPassword = 'quite another password';
    const response = await here.json('PUT', '/api/account/password', {
      currentPassword: wanted.password,
      newPassword,
    });
    expect(response.status).toBe(204);
    expect((await here.get('/api/session')).status).toBe(200);
    expect((await elsewhere.get('/api/session')).status).toBe(401);
    expect((await app.visitor().json('POST', '/api/session', wanted)).status).toBe(401);
    await app.signedIn({ ...wanted, password: newPassword });
  });

  test('needs the current password, and stops guesses at it', async () => {
    const wanted = somebody();
    await add(wanted);
    const thief = await app.signedIn(wanted);
    const attempt = async () =>
      (
        await thief.form('/account/password', {
          currentPassword: 'a guess',
          newPassword: 'another long password',
        })
      ).status;
    for (let i = 0; i < 10; i += 1) expect(await attempt()).toBe(422);
    expect(await attempt()).toBe(429);
    await app.signedIn(wanted);
  });
});

const sessionsOf = async (client: Client) =>
  (
    (await (await client.get('/api/sessions')).json()) as {
      sessions: { id: string; current: boolean; userAgent: string }[];
    }
  ).sessions;

describe('devices', () => {
  test('are listed with what is known of them, and never with a session id', async () => {
    const wanted = somebody();
    await add(wanted);
    const client = await app.signedIn(wanted);
    await app.signedIn(wanted);
    const sessions = await sessionsOf(client);
    expect(sessions).toHaveLength(2);
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    const text = JSON.stringify(sessions);
    expect(text).not.toContain(client.cookies.get('__Host-claimcheck'));
    const page = await (await client.get('/devices')).text();
    expect(page).not.toContain(client.cookies.get('__Host-claimcheck'));
  });

  test('can be ended one by one and all at once, by their owner alone', async () => {
    const wanted = somebody();
    await add(wanted);
    const [here, second, third] = [
      await app.signedIn(wanted),
      await app.signedIn(wanted),
      await app.signedIn(wanted),
    ];
    const ended = (await sessionsOf(second)).find(({ current }) => current)?.id;
    expect((await admin.request('DELETE', `/api/sessions/${ended}`)).status).toBe(404);
    expect((await second.get('/api/session')).status).toBe(200);
    expect((await here.request('DELETE', `/api/sessions/${ended}`)).status).toBe(204);
    expect((await here.request('DELETE', `/api/sessions/${ended}`)).status).toBe(404);
    expect((await second.get('/api/session')).status).toBe(401);
    expect((await here.form('/devices/end-others')).status).toBe(303);
    expect((await third.get('/api/session')).status).toBe(401);
    expect((await here.get('/api/session')).status).toBe(200);
  });

  test('beyond the limit end, the oldest first', async () => {
    const small = await startTestAppServer({
      databaseUrl: await createDatabase(),
      config: { maxSessions: 2 },
    });
    try {
      const first = await small.signedIn(ADMIN);
      const second = await small.signedIn(ADMIN);
      const third = await small.signedIn(ADMIN);
      const statuses = [first, second, third].map(
        async (client) => (await client.get('/api/session')).status,
      );
      expect(await Promise.all(statuses)).toEqual([401, 200, 200]);
    } finally {
      await small.stop();
    }
  });

  test('signing out ends this one and takes its cookie away', async () => {
    const client = await app.signedIn();
    const id = client.cookies.get('__Host-claimcheck') ?? '';
    const response = await client.form('/sign-out');
    expect(response.headers.get('Location')).toBe('/sign-in?done=signed-out');
    expect(client.cookies.has('__Host-claimcheck')).toBe(false);
    client.cookies.set('__Host-claimcheck', id);
    expect((await client.get('/api/session')).status).toBe(401);
  });
});
