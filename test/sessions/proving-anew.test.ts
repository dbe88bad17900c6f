// Dangerous actions ask for a proof that is at most ten minutes old, in this very session; over HTTP, with
// the clock in hand, and sessions in both stores.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import {
  ADMIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';

const MINUTE_MS = 60_000;
const SESSION = '__Host-claimcheck';

describe.each<[string, () => Promise<StartOptions>]>([
  ['SQL', async () => ({ databaseUrl: await createDatabase() })],
  ['Redis', async () => ({ databaseUrl: await createDatabase(), redisUrl: sharedRedisUrl() })],
])('a proof, sessions in %s', (_, options) => {
  let app: TestAppServer;
  let clockMs = Date.now();
  beforeAll(async () => {
    app = await startTestAppServer({ ...(await options()), now: () => clockMs });
  });
  afterAll(() => app.stop());

  const addSomebody = (client: Client) =>
    client.json('POST', '/api/accounts', {
      email: `somebody-${Math.random()}@example.org`,
      password: 'a password for somebody',
      role: 'member',
    });
  const prove = (client: Client, password = ADMIN.password) =>
    client.json('POST', '/api/session/proof', { password });

  test('is the sign-in itself, for ten minutes to the millisecond', async () => {
    const client = await app.signedIn();
    clockMs += 10 * MINUTE_MS;
    expect((await addSomebody(client)).status).toBe(201);
    clockMs += 1;
    const refused = await addSomebody(client);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: 'urn:claimcheck:problem:proof-needed' });
  });

  test('given anew opens the ten minutes again, in this session alone', async () => {
    const [client, elsewhere] = [await app.signedIn(), await app.signedIn()];
    clockMs += 11 * MINUTE_MS;
    expect((await prove(client)).status).toBe(204);
    expect((await addSomebody(client)).status).toBe(201);
    expect((await addSomebody(elsewhere)).status).toBe(403);
  });

  test('gives the session another id, keeps its reference, and ends the old id', async () => {
    const client = await app.signedIn();
    const before = client.cookies.get(SESSION) ?? '';
    const shown = (await (await client.get('/api/session')).json()) as { session: { id: string } };
    expect((await prove(client)).status).toBe(204);
    expect(client.cookies.get(SESSION)).not.toBe(before);
    const after = (await (await client.get('/api/session')).json()) as { session: { id: string } };
    expect(after.session.id).toBe(shown.session.id);
    client.cookies.set(SESSION, before);
    expect((await client.get('/api/session')).status).toBe(401);
  });

  test('with a wrong password proves nothing, and after ten wrong ones waits', async () => {
    const client = await app.addMember();
    for (let i = 0; i < 10; i += 1) {
      const refused = await prove(client, `guess ${i}`);
      expect(refused.status).toBe(422);
      expect(await refused.text()).not.toContain(`guess ${i}`);
    }
    expect((await prove(client, 'a password for a member')).status).toBe(429);
    expect(app.logged()).not.toContain('guess 3');
  });

  test('is not asked for in daily work', async () => {
    const client = await app.signedIn();
    clockMs += 60 * MINUTE_MS;
    const uploaded = await client.request('PUT', '/api/files?name=a.txt', { body: 'a' });
    expect(uploaded.status).toBe(201);
    const { id: fileId } = (await uploaded.json()) as { id: string };
    expect((await client.json('POST', '/api/claims', { fileId })).status).toBe(201);
    expect((await client.json('POST', '/api/links', { fileId })).status).toBe(201);
    expect((await client.request('DELETE', '/api/sessions')).status).toBe(204);
  });

  test('is asked for by each dangerous action, page and API', async () => {
    const client = await app.signedIn();
    clockMs += 11 * MINUTE_MS;
    const nobody = 'AAAAAAAAAAAA';
    const actions: [method: string, path: string][] = [
      ['POST', '/api/accounts'],
      ['PATCH', `/api/accounts/${nobody}`],
      ['DELETE', `/api/accounts/${nobody}/sessions`],
      ['POST', `/api/accounts/${nobody}/reset-link`],
      ['POST', '/api/invitations'],
      ['POST', `/api/invitations/${nobody}/send`],
      ['POST', '/api/webhooks'],
      ['POST', `/api/webhooks/${nobody}/secret`],
    ];
    for (const [method, path] of actions) {
      const refused = await client.json(method, path, {});
      const { type } = (await refused.json()) as { type: string };
      expect({ path, type }).toEqual({ path, type: 'urn:claimcheck:problem:proof-needed' });
    }
    const forms = [
      '/accounts',
      `/accounts/${nobody}/disable`,
      `/accounts/${nobody}/enable`,
      `/accounts/${nobody}/end-sessions`,
      `/accounts/${nobody}/reset-link`,
      `/accounts/${nobody}/invitation/send`,
      '/accounts/invite',
      '/webhooks',
      `/webhooks/${nobody}/secret`,
    ];
    for (const path of forms) {
      const sent = await client.form(path);
      expect({ path, to: sent.headers.get('Location') }).toEqual({ path, to: '/confirm-identity' });
    }
  });

  test('on the page leads back to where the refused form stood, and says to press once more', async () => {
    const client = await app.signedIn();
    clockMs += 11 * MINUTE_MS;
    const refused = await client.request('POST', '/accounts', {
      body: new URLSearchParams({
        email: 'x@example.org',
        password: 'long enough',
        role: 'member',
      }),
      headers: { Accept: 'text/html', Referer: 'http://localhost:3000/accounts?done=invited' },
    });
    const entry = refused.headers.get('Location') ?? '';
    expect(entry).toBe('/confirm-identity?next=%2Faccounts%3Fdone%3Dconfirmed');
    const page = await (await client.get(entry)).text();
    expect(page).toContain('value="/accounts?done=confirmed"');
    const next = '/accounts?done=confirmed';
    const wrong = await client.form('/confirm-identity', { password: 'wrong', next });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain('this is not your password');
    const proven = await client.form('/confirm-identity', { password: ADMIN.password, next });
    expect([proven.status, proven.headers.get('Location')]).toEqual([303, next]);
    expect(await (await client.get(next)).text()).toContain('press the button once more');
  });

  test('leads to no other site', async () => {
    const client = await app.signedIn();
    clockMs += 11 * MINUTE_MS;
    const refused = await client.request('POST', '/webhooks', {
      body: new URLSearchParams({ url: 'https://x.example' }),
      headers: { Accept: 'text/html', Referer: 'http://localhost:3000//evil.example/' },
    });
    expect(refused.headers.get('Location')).toBe('/confirm-identity');
    const shown = await client.get('/confirm-identity?next=//evil.example/');
    expect(await shown.text()).not.toContain('evil.example');
    const next = 'https://evil.example/';
    const proven = await client.form('/confirm-identity', { password: ADMIN.password, next });
    expect(proven.headers.get('Location')).toBe('/account');
  });

  test('is also the change of the password, which asks for the current one', async () => {
    const email = `changing-${Math.random()}@example.org`;
    const client = await app.addMember(email);
    clockMs += 11 * MINUTE_MS;
    const addHook = () => client.json('POST', '/api/webhooks', { url: 'https://x.example/' });
    expect((await addHook()).status).toBe(403);
    const changed = await client.json('PUT', '/api/account/password', {
      currentPassword: 'a password for a member',
      newPassword: 'another password for them',
    });
    expect(changed.status).toBe(204);
    expect((await addHook()).status).toBe(201);
  });

  test('does not bring back a session that was ended while the password was being checked', async () => {
    const email = `ended-${Math.random()}@example.org`;
    const client = await app.addMember(email);
    const elsewhere = await app.signedIn({ email, password: 'a password for a member' });
    for (let i = 0; i < 5; i += 1) {
      // Hashing takes some tens of milliseconds, ending a few: they overlap.
      const proving = prove(client, 'a password for a member');
      const ending = elsewhere.request('DELETE', '/api/sessions');
      await Promise.all([proving, ending]);
      expect((await client.get('/api/session')).status).toBe(401);
      const again = await app.signedIn({ email, password: 'a password for a member' });
      for (const [name, value] of again.cookies) client.cookies.set(name, value);
    }
  });
});
