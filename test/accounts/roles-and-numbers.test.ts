// One account as administrators see and change it: its role, which acts at once and never leaves nobody in
// charge; its numbers; and finding it among many.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Client } from '../app/client.js';
import { upload } from '../app/files-and-claims.js';
import { ADMIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';

let app: TestAppServer;
let admin: Client;
let skippedMs = 0;
beforeAll(async () => {
  app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    now: () => Date.now() + skippedMs,
  });
  admin = await app.signedIn();
});
afterAll(() => app.stop());

interface Somebody {
  id: string;
  email: string;
  password: string;
}

async function add(role = 'member', by = admin): Promise<Somebody> {
  const wanted = {
    email: `${randomBytes(6).toString('hex')}@example.org`,
    password: 'long enough',
  };
  const added = await by.json('POST', '/api/accounts', { ...wanted, role });
  expect(added.status).toBe(201);
  const { id } = (await added.json()) as { id: string };
  return { ...wanted, id };
}

const setRole = (by: Client, id: string, role: string) =>
  by.json('PATCH', `/api/accounts/${id}`, { role });

const ownId = async (client: Client) =>
  ((await (await client.get('/api/account')).json()) as { id: string }).id;

describe('a role', () => {
  test('that is given or taken away acts at the very next request of a session that is open', async () => {
    const somebody = await add();
    const client = await app.signedIn(somebody);
    expect((await client.get('/api/audit')).status).toBe(403);
    expect(await (await setRole(admin, somebody.id, 'admin')).json()).toMatchObject({
      id: somebody.id,
      role: 'admin',
    });
    expect((await client.get('/api/audit')).status).toBe(200);
    const byPage = await admin.form(`/accounts/${somebody.id}/role`, { role: 'member' });
    expect(byPage.headers.get('Location')).toBe(`/accounts/${somebody.id}?done=role-changed`);
    expect((await client.get('/api/audit')).status).toBe(403);
    expect((await client.get('/audit')).status).toBe(403);
  });

  test('of one’s own is not changed, neither by the API nor by the page', async () => {
    const id = await ownId(admin);
    expect((await setRole(admin, id, 'member')).status).toBe(409);
    const onPage = await admin.form(`/accounts/${id}/role`, { role: 'member' });
    expect(onPage.status).toBe(409);
    expect(await onPage.text()).toContain('another administrator can');
    expect((await admin.get('/api/audit')).status).toBe(200);
  });

  test('is never taken from the last administrator, also when two demote each other at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, two] = [await add('admin'), await add('admin')];
      const [first, second] = [await app.signedIn(one), await app.signedIn(two)];
      const boss = await ownId(admin);
      // With the administrator of the start out of the way there are these two.
      expect((await setRole(first, boss, 'member')).status).toBe(200);
      const statuses = await Promise.all([
        setRole(first, two.id, 'member').then(({ status }) => status),
        setRole(second, one.id, 'member').then(({ status }) => status),
      ]);
      const left = await Promise.all(
        [first, second].map(async (client) => (await client.get('/api/audit')).status),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(left.toSorted((a, b) => a - b)).toEqual([200, 403]);
      const winner = left[0] === 200 ? first : second;
      expect((await setRole(winner, boss, 'admin')).status).toBe(200);
      const rest = left[0] === 200 ? one : two;
      expect((await setRole(admin, rest.id, 'member')).status).toBe(200);
    }
  });

  test.each([{ role: 'owner' }, { role: 'admin', disabled: true }, {}])(
    'in a body %j is refused',
    async (body) => {
      const { id } = await add();
      expect((await admin.json('PATCH', `/api/accounts/${id}`, body)).status).toBe(422);
    },
  );

  test('of an account that is not there is not found', async () => {
    expect((await setRole(admin, 'AAAAAAAAAAAA', 'admin')).status).toBe(404);
    expect((await admin.get('/api/accounts/AAAAAAAAAAAA')).status).toBe(404);
    expect((await admin.get('/accounts/AAAAAAAAAAAA')).status).toBe(404);
  });

  test('is changed only by who has proven lately who they are', async () => {
    const { id } = await add();
    skippedMs += 11 * 60_000;
    try {
      const refused = await setRole(admin, id, 'admin');
      expect([refused.status, await refused.json()]).toMatchObject([
        403,
        { type: 'urn:claimcheck:problem:proof-needed' },
      ]);
      // Looking needs no proof.
      expect((await admin.get(`/api/accounts/${id}`)).status).toBe(200);
      admin = await app.signedIn();
      expect((await setRole(admin, id, 'admin')).status).toBe(200);
      expect((await setRole(admin, id, 'member')).status).toBe(200);
    } finally {
      skippedMs = 0;
      admin = await app.signedIn();
    }
  });
});

test('an account is told in numbers: storage, links, sessions, last seen', async () => {
  const somebody = await add();
  const before = await (await admin.get(`/api/accounts/${somebody.id}`)).json();
  expect(before).toMatchObject({
    id: somebody.id,
    usage: { bytes: 0, files: 0, links: 0 },
    quota: { bytes: null, files: null, linksPerDay: null },
    openLinks: 0,
    sessions: 0,
    lastSeenAt: null,
  });
  const client = await app.signedIn(somebody);
  const { id: fileId } = await upload(client, 'one', Buffer.alloc(1234));
  await upload(client, 'two', Buffer.alloc(66));
  const made: { id: string }[] = [];
  for (let i = 0; i < 3; i += 1) {
    const response = await client.json('POST', '/api/links', { fileId });
    made.push((await response.json()) as { id: string });
  }
  await client.request('DELETE', `/api/links/${made[0]?.id}`);
  const response = await admin.get(`/api/accounts/${somebody.id}`);
  const numbers = (await response.json()) as { lastSeenAt: string };
  expect(numbers).toMatchObject({
    usage: { bytes: 1300, files: 2, links: 3 },
    openLinks: 2,
    sessions: 1,
  });
  expect(Date.now() - Date.parse(numbers.lastSeenAt)).toBeLessThan(60_000);
  const page = await (await admin.get(`/accounts/${somebody.id}`, { Accept: 'text/html' })).text();
  expect(page).toContain(`<h1>${somebody.email}</h1>`);
  expect(page).toMatch(/1\.3\skB used/);
  expect(page).toContain('Uploaded a file');
  // When it is gone, it is still known when it was last here.
  await client.request('DELETE', '/api/session');
  const after = (await (await admin.get(`/api/accounts/${somebody.id}`)).json()) as {
    sessions: number;
    lastSeenAt: string | null;
  };
  expect(after.sessions).toBe(0);
  expect(after.lastSeenAt).not.toBeNull();
});

test('accounts are found by any part of their address, in any case, with nothing special in it', async () => {
  const mark = randomBytes(4).toString('hex');
  const addresses = [`x_${mark}@a.example`, `xy${mark}@a.example`, `x%${mark}@b.example`];
  for (const email of addresses) {
    const body = { email, password: 'long enough', role: 'member' };
    expect((await admin.json('POST', '/api/accounts', body)).status).toBe(201);
  }
  const find = async (q: string, more = '') => {
    const response = await admin.get(`/api/accounts?q=${encodeURIComponent(q)}${more}`);
    return (await response.json()) as { accounts: { email: string }[]; next?: string };
  };
  const emails = async (q: string) => (await find(q)).accounts.map(({ email }) => email).toSorted();
  expect(await emails(mark.toUpperCase())).toEqual(addresses.toSorted());
  expect(await emails(`x_${mark}`)).toEqual([addresses[0]]);
  expect(await emails(`%${mark}`)).toEqual([addresses[2]]);
  expect(await emails(`${mark}@a`)).toEqual(addresses.slice(0, 2).toSorted());
  expect(await emails(`\\${mark}`)).toEqual([]);

  // Page by page, with the search kept.
  const seen: string[] = [];
  let path: string | undefined = `/api/accounts?q=${mark}&limit=2`;
  while (path !== undefined) {
    const response: Response = await admin.get(path);
    const page = (await response.json()) as { accounts: { email: string }[]; next?: string };
    seen.push(...page.accounts.map(({ email }) => email));
    path = page.next;
  }
  expect(seen.toSorted()).toEqual(addresses.toSorted());
  const page = await (await admin.get(`/accounts?q=${mark}&limit=2`)).text();
  expect(page).toMatch(new RegExp(`href="/accounts\\?after=[^"]+&amp;q=${mark}"`));
  expect(page).not.toContain(`<bdi class="email">${ADMIN.email}`);
});

test.each([
  ['GET', '/api/accounts/x'],
  ['GET', '/accounts/x'],
  ['POST', '/accounts/x/role'],
  ['POST', '/accounts/x/quota'],
  ['GET', '/api/audit'],
  ['GET', '/api/audit.csv'],
  ['GET', '/audit'],
  ['GET', '/audit/export.csv'],
])('a member may not %s %s, nor a visitor', async (method, path) => {
  const member = await app.signedIn(await add());
  expect((await member.request(method, path)).status).toBe(403);
  const visitor = await app.visitor().request(method, path);
  expect(visitor.status).toBe(path.startsWith('/api/') ? 401 : 303);
});
