// Every operation of the API is called on running servers, and what it answers is held against its description: what
// it is for, and what it is refused with. An operation that is added and not called here fails the last test.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { Client as Browser, ClientInit } from '../app/client.js';
import { upload } from '../app/files-and-claims.js';
import {
  ADMIN,
  APP_ORIGIN,
  startTestAppServer,
  type TestAppServer,
} from '../app/start-app-server.js';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { startWithMail, type WithMail } from '../identity-links/with-mail.js';
import { signInBy, startWithProvider } from '../identity-provider/sign-in-there.js';
import { CLICKED, createRecipient, makeLink } from '../links/press-link.js';
import { createDatabase } from '../support/postgres.js';
import {
  createAnswerCheck,
  operationsOf,
  type AnswerCheck,
  type OpenApi,
} from './checked-answers.js';

const PASSWORD = 'a password for a member';

let app: WithMail;
/** Without a mail server, without an administrator yet, and with room for one session of an account. */
let fresh: TestAppServer;
let downloads: TestDownloadServer;
let document: OpenApi;
let answers: AnswerCheck;
beforeAll(async () => {
  app = await startWithMail({ config: { webhookAllowPrivate: true } });
  fresh = await startTestAppServer({
    databaseUrl: await createDatabase(),
    withoutAdmin: true,
    config: { maxSessions: 1, sessionLimitAction: 'refuse' },
  });
  downloads = await startTestDownloadServer();
  document = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as OpenApi;
  answers = createAnswerCheck(document);
});
afterAll(async () => {
  await Promise.all([app.mailServer.stop(), fresh.stop(), downloads.stop()]);
  await app.stop();
});

/** A client each of whose answers is held against the description. */
function checked(client: Browser) {
  const request = async (method: string, path: string, init?: ClientInit) =>
    await answers.check(method, path, await client.request(method, path, init));
  const json = async (method: string, path: string, body: unknown) =>
    await request(method, path, {
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
  return {
    request,
    json,
    /** The answer's body, when the status is the one that was expected. */
    async expect<T = { id: string; url: string }>(
      status: number,
      method: string,
      path: string,
      body?: unknown,
    ): Promise<T> {
      const answer =
        body === undefined ? await request(method, path) : await json(method, path, body);
      const text = await answer.text();
      if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (text.startsWith('{') ? JSON.parse(text) : undefined) as T;
    },
  };
}

describe('what operations are for', () => {
  test('files, claims and API keys', async () => {
    const client = await app.signedIn();
    const me = checked(client);
    await me.request('PUT', '/api/files?name=a.txt', { body: 'content' });
    const { files } = await me.expect<{ files: { id: string }[] }>(
      200,
      'GET',
      '/api/files?limit=1',
    );
    const fileId = files[0]?.id ?? '';
    const claim = await me.expect(201, 'POST', '/api/claims', { fileId, mode: 'strict' });
    await me.expect(200, 'GET', '/api/claims');
    await me.expect(204, 'DELETE', `/api/claims/${claim.id}`);
    const wish = { name: 'x', scopes: ['claims:mint'], expiresInSeconds: 60 };
    const { id, key } = await me.expect<{ id: string; key: string }>(
      201,
      'POST',
      '/api/api-keys',
      wish,
    );
    const program = checked(app.visitor());
    const body = JSON.stringify({ fileId });
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };
    const minted = await program.request('POST', '/api/claims', { body, headers });
    expect(minted.status).toBe(201);
    await me.expect(200, 'GET', '/api/api-keys');
    await me.expect(204, 'DELETE', `/api/api-keys/${id}`);
    await me.expect(204, 'DELETE', `/api/files/${fileId}`);
  });

  test('links, with their pages and streams', async () => {
    const client = await app.signedIn();
    const me = checked(client);
    const { id: fileId } = await upload(client, 'b.txt');
    const one = { fileId, to: 'eve@example.org', code: true, message: 'a\nb', copies: 2 };
    const { id } = await me.expect(201, 'POST', '/api/links', one);
    await me.expect(201, 'POST', '/api/links', {
      fileIds: [fileId],
      to: ['a@b.example', 'c@d.example'],
    });
    await me.expect(200, 'GET', `/api/links?limit=1&fileId=${fileId}&to=eve@example.org`);
    await me.expect(200, 'GET', `/api/links/${id}`);
    await me.expect(200, 'PATCH', `/api/links/${id}`, { copies: 3 });
    await me.expect(200, 'POST', `/api/links/${id}/send`, {});
    await me.expect(200, 'GET', '/api/links.csv');
    await me.expect(200, 'GET', `/api/links/${id}/timeline.csv`);
    for (const path of ['/api/links/events', `/api/links/${id}/events`]) {
      const closing = new AbortController();
      expect((await me.request('GET', path, { signal: closing.signal })).status).toBe(200);
      closing.abort();
    }

    const link = await makeLink(client, fileId);
    const page = checked(app.visitor());
    const path = new URL(link.url).pathname;
    await page.expect(200, 'GET', path);
    const opened = await createRecipient(app.url, APP_ORIGIN).open(link.url);
    const fields = { ...opened.form?.hidden, ...opened.form?.button };

    const press = () =>
      page.request('POST', path, { body: new URLSearchParams(fields), headers: { ...CLICKED } });
    expect((await press()).status).toBe(303);
    const early = { body: new URLSearchParams({}), headers: { Accept: 'application/json' } };
    expect((await page.request('POST', path, early)).status).toBe(409);
    await page.expect(404, 'GET', '/l/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
    await me.expect(204, 'DELETE', `/api/links/${id}`);
    await me.expect(200, 'DELETE', `/api/links?fileId=${fileId}`);
    await page.expect(410, 'GET', path);
  });

  test('webhooks', async () => {
    const me = checked(await app.signedIn());
    const { id } = await me.expect(201, 'POST', '/api/webhooks', { url: 'http://127.0.0.1:9/' });
    await me.expect(200, 'GET', '/api/webhooks');
    await me.expect(200, 'POST', `/api/webhooks/${id}/secret`);
    await me.expect(202, 'POST', `/api/webhooks/${id}/test`);
    await me.expect(200, 'GET', `/api/webhooks/${id}/deliveries`);
    await me.expect(204, 'DELETE', `/api/webhooks/${id}`);
  });

  test('sessions, accounts, invitations and mails', async () => {
    const client = app.visitor();
    const me = checked(client);
    await me.expect(204, 'POST', '/api/session', ADMIN);
    await me.expect(200, 'GET', '/api/session');
    const other = await app.signedIn();
    const { sessions } = await me.expect<{ sessions: { id: string; current: boolean }[] }>(
      200,
      'GET',
      '/api/sessions',
    );
    await me.expect(204, 'DELETE', `/api/sessions/${sessions.find((each) => !each.current)?.id}`);
    expect((await other.get('/api/session')).status).toBeLessThan(500);
    await me.expect(204, 'DELETE', '/api/sessions');

    const email = 'bob@example.org';
    const bob = { email, password: PASSWORD, role: 'member' };
    await me.expect(201, 'POST', '/api/accounts', bob);
    await me.expect(200, 'GET', '/api/accounts?limit=5');
    // Another one, since what is minted for an account within the clocks' tolerance of its being disabled is dead.
    const carol = await me.expect(201, 'POST', '/api/accounts', { ...bob, email: 'c@example.org' });
    await me.expect(200, 'PATCH', `/api/accounts/${carol.id}`, { disabled: true });
    await me.expect(200, 'PATCH', `/api/accounts/${carol.id}`, { disabled: false });
    await me.expect(204, 'DELETE', `/api/accounts/${carol.id}/sessions`);
    await me.expect(204, 'POST', '/api/session/proof', { password: ADMIN.password });
    const guest = { email: 'guest@example.org', role: 'admin' };
    const invited = await me.expect(201, 'POST', '/api/invitations', guest);
    await me.expect(200, 'GET', '/api/accounts');
    await me.expect(200, 'POST', `/api/invitations/${invited.id}/send`);
    await me.expect(204, 'DELETE', `/api/invitations/${invited.id}`);
    await me.expect(204, 'PUT', '/api/account/notices', { fetched: false });

    const visitor = checked(app.visitor());
    const handle = (await app.askFor('sign-in-links', email)).split('/').at(-1);
    await visitor.expect(202, 'POST', '/api/sign-in-links', { email });
    await visitor.expect(204, 'POST', '/api/session/handle', { handle });
    await visitor.expect(410, 'POST', '/api/session/handle', { handle });
    const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD}!` };
    await visitor.expect(204, 'PUT', '/api/account/password', change);
    await visitor.expect(202, 'POST', '/api/password-resets', { email });

    const { mails } = await me.expect<{ mails: { id: string; state: string }[] }>(
      200,
      'GET',
      '/api/outbox?limit=3',
    );
    // Sent already, so that trying again is refused; one that waits is made below.
    await me.expect(200, 'GET', '/api/outbox?state=sent');
    expect(mails.length).toBeGreaterThan(0);
    await me.expect(204, 'DELETE', '/api/session');
    await me.expect(401, 'GET', '/api/session');
  });

  test('a mail that waits is tried again', async () => {
    const me = checked(await app.signedIn());
    await app.mailServer.stop();
    await me.expect(201, 'POST', '/api/invitations', { email: 'late@example.org', role: 'member' });
    const { mails } = await me.expect<{ mails: { id: string; to: string }[] }>(
      200,
      'GET',
      '/api/outbox?state=queued',
    );
    const late = mails.find(({ to }) => to === 'late@example.org');
    await me.expect(204, 'POST', `/api/outbox/${late?.id}/retry`);
  });

  test('the first start, and links that are passed on by hand', async () => {
    const me = checked(fresh.visitor());
    const token = decodeURIComponent(fresh.server.firstSignInLink?.split('/').at(-1) ?? '');
    await me.expect(204, 'POST', '/api/session/link', { token });
    await me.expect(403, 'GET', '/api/files');
    await me.expect(204, 'PUT', '/api/account/welcome', ADMIN);
    await me.expect(410, 'POST', '/api/session/link', { token });
    const bob = { email: 'bob@example.org', password: PASSWORD, role: 'member' };
    const { id } = await me.expect(201, 'POST', '/api/accounts', bob);
    const { url } = await me.expect(201, 'POST', `/api/accounts/${id}/reset-link`);
    const chosen = { handle: url.split('/').at(-1), password: `${PASSWORD}!` };
    await me.expect(204, 'PUT', '/api/account/chosen-password', chosen);
    await me.expect(201, 'POST', '/api/invitations', { email: 'eve@example.org', role: 'member' });
    await me.expect(200, 'GET', '/api/accounts');

    const another = checked(fresh.visitor());
    await another.expect(409, 'POST', '/api/session', ADMIN);
    const { sessions } = await another.expect<{ sessions: { id: string }[] }>(
      200,
      'GET',
      '/api/session/waiting',
    );
    await another.expect(204, 'POST', '/api/session/waiting', { end: sessions[0]?.id });
    await another.expect(200, 'GET', '/api/session');
  });

  test('identities elsewhere', async () => {
    const me = checked(await app.signedIn());
    const database = new Client(app.databaseUrl);
    await database.connect();
    await database.query(
      `insert into external_identity (id, account_id, issuer, subject, email, created_at, last_used_at)
       select 'AAAAAAAAAAAA', id, 'https://id.example.org', 'x', null, now(), now() from account where email = $1`,
      [ADMIN.email],
    );
    await database.query('update account set identity_count = 1 where email = $1', [ADMIN.email]);
    await database.end();
    await me.expect(200, 'GET', '/api/account/identities');
    await me.expect(204, 'DELETE', '/api/account/identities/AAAAAAAAAAAA');
  });

  test('browsers that stay signed in', async () => {
    const me = checked(app.visitor());
    await me.expect(204, 'POST', '/api/session', { ...ADMIN, remember: true });
    const { browsers } = await me.expect<{ browsers: { id: string }[] }>(
      200,
      'GET',
      '/api/remembered-browsers',
    );
    await me.expect(204, 'DELETE', `/api/remembered-browsers/${browsers[0]?.id}`);
    await me.expect(204, 'DELETE', '/api/remembered-browsers');
    await me.expect(204, 'DELETE', '/api/account/theft-notice');
  });

  test('health, keys, and the document itself', async () => {
    const anybody = checked(app.visitor());
    await anybody.expect(200, 'GET', '/livez');
    await anybody.expect(200, 'GET', '/readyz');
    await anybody.expect(200, 'GET', '/.well-known/claimcheck/keys');
    await anybody.expect(200, 'GET', '/api/openapi.json');
  });

  test('downloads, in all their forms', async () => {
    const file = await downloads.addFile('content');
    const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(new URL(path, downloads.url), { method, headers });
      return (await answers.check(method, path, answer)).status;
    };
    const { token } = await downloads.mint(file, { mod: 'resumable' });
    expect(await ask('HEAD', `/d/${token}`)).toBe(200);
    expect(await ask('HEAD', `/d/${token}/a.txt`)).toBe(200);
    expect(await ask('GET', `/d/${token}`, { Range: 'bytes=0-2' })).toBe(206);
    expect(await ask('GET', `/d/${token}`, { Range: 'bytes=99-' })).toBe(416);
    expect(await ask('GET', `/d/${token}/a.txt`)).toBe(200);
    const strict = await downloads.mint(file);
    const Authorization = `Bearer ${strict.token}`;
    expect(await ask('HEAD', '/d', { Authorization })).toBe(200);
    expect(await ask('GET', '/d', { Authorization, 'If-Match': '"x"' })).toBe(412);
    expect(await ask('GET', '/d', { Authorization })).toBe(200);
    expect(await ask('GET', '/d', { Authorization })).toBe(410);
    expect(await ask('GET', '/d')).toBe(403);
    expect(await ask('GET', `/d/${'x'.repeat(9000)}`)).toBe(414);
    const gone = await downloads.mint({ ...file, key: 'gone' });
    expect(await ask('GET', `/d/${gone.token}`)).toBe(404);
  });
});

describe('what operations are refused with', () => {
  /** Everything that asks who somebody is. */
  const guarded = () =>
    operationsOf(document).filter(
      ({ path }) => path.startsWith('/api/') && !path.endsWith('.json'),
    );
  const concrete = (path: string) => path.replaceAll(/\{[^}]+\}/g, 'none');

  test('nobody, a key that is none, and a foreign site are told so', async () => {
    const admin = await app.signedIn();
    for (const { method, path, operation } of guarded()) {
      const id = operation.operationId;
      const unsafe = method !== 'GET';
      if (!operation.security.some((way) => Object.keys(way).length === 0)) {
        const nobody = await app.visitor().request(method, concrete(path));
        expect([id, (await answers.check(method, path, nobody)).status]).toEqual([id, 401]);
      }
      const Authorization = 'Bearer cck_x';
      const wrong = await app
        .visitor()
        .request(method, concrete(path), { headers: { Authorization } });
      expect([401, 429]).toContain((await answers.check(method, path, wrong)).status);
      if (!unsafe) continue;
      const headers = { Origin: 'https://evil.example' };
      const foreign = await admin.request(method, concrete(path), { headers });
      expect([id, (await answers.check(method, path, foreign)).status]).toEqual([id, 403]);
    }
  });

  test('a member is told which operations are for administrators, and what is not there', async () => {
    const member = await app.addMember();
    const admin = await app.signedIn();
    for (const { method, path, operation } of guarded()) {
      const id = operation.operationId;
      if (operation.security.some(({ session }) => session?.includes('admin'))) {
        const answer = await member.request(method, concrete(path));
        expect([id, (await answers.check(method, path, answer)).status]).toEqual([id, 403]);
      }
      if (!path.includes('{id}')) continue;
      const example = operation.requestBody?.content['application/json']?.example;
      const answer = await admin.request(method, concrete(path), {
        body: example === undefined ? undefined : JSON.stringify(example),
        headers: example === undefined ? {} : { 'Content-Type': 'application/json' },
      } as ClientInit);
      // A mail server is there, so that no link is passed on by hand.
      expect([id, (await answers.check(method, path, answer)).status]).toEqual([
        id,
        id === 'makeResetLink' ? 409 : 404,
      ]);
    }
  });

  test('bodies of a wrong shape, a wrong kind, and of too many bytes are refused as described', async () => {
    const admin = await app.signedIn();
    for (const { method, path, operation } of guarded()) {
      if (operation.requestBody?.content['application/json'] === undefined) continue;
      const id = operation.operationId;
      const send = async (body: string, type = 'application/json') => {
        const init = { body, headers: { 'Content-Type': type } };
        return (
          await answers.check(method, path, await admin.request(method, concrete(path), init))
        ).status;
      };
      expect([id, await send('[]')]).toEqual([id, 422]);
      expect([id, await send('{')]).toEqual([id, 422]);
      expect([id, await send('x', 'text/plain')]).toEqual([id, 415]);
      expect([id, await send(JSON.stringify('x'.repeat(70_000)))]).toEqual([id, 413]);
    }
  });

  test('identities elsewhere', async () => {
    const other = await startWithProvider();
    other.provider.add({ subject: 'ada', email: ADMIN.email });
    const browser = other.browser();
    await signInBy(browser, 'ada');
    const admin = checked(browser.app);
    const list = await admin.expect<{ identities: { id: string }[] }>(
      200,
      'GET',
      '/api/account/identities',
    );
    const path = `/api/account/identities/${list.identities[0]?.id}`;
    await admin.expect(204, 'DELETE', path);
    await admin.expect(404, 'DELETE', path);
    await other.stop();
  });

  test('lists refuse a page that is none', async () => {
    const admin = await app.signedIn();
    for (const path of [
      '/api/files',
      '/api/claims',
      '/api/links',
      '/api/accounts',
      '/api/outbox',
    ]) {
      const answer = await admin.get(`${path}?limit=0`);
      expect((await answers.check('GET', path, answer)).status).toBe(422);
    }
  });
});

test('every operation that is described was called, and did what it is for', () => {
  const succeeded = new Set(
    [...answers.seen].filter((each) => / [23]\d\d$/.test(each)).map((each) => each.split(' ')[0]),
  );
  const described = operationsOf(document).map(({ operation }) => operation.operationId);
  expect(described.filter((id) => !succeeded.has(id))).toEqual([]);
});
