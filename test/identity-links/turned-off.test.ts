// A server that is started anew with mailed links turned off: who asks for one, what becomes of those that were
// mailed before, what the pages offer, and what remains.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Client as Postgres } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setUpApp } from '../factors/with-factors.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startWithMail, type Client, type WithMail } from './with-mail.js';

const html = { Accept: 'text/html' };
const PASSWORD = 'the first password';
const NEW_PASSWORD = 'quite another password';
const NEITHER = { 'sign-in': false, 'reset-password': false };
const clock = { nowMs: Date.parse('2026-11-22T12:00:00Z') };

let databaseUrl: string;
let dataDir: string;
let app: WithMail;
/** What was mailed while links were on. */
const mailed = { signIn: '', reset: '' };
let withApp: { email: string; nextCode(): string };
/** Has pressed a link, and not yet given the second factor. */
let underWay: Client;

const start = (mailedLinks: { 'sign-in': boolean; 'reset-password': boolean }) =>
  startWithMail({
    databaseUrl,
    dataDir,
    now: () => clock.nowMs,
    signInAllowances: { linkRequests: 1000, perAddress: 10_000 },
    config: { mailedLinks },
  });

beforeAll(async () => {
  databaseUrl = await createDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-off-'));
  const before = await start({ 'sign-in': true, 'reset-password': true });
  await before.addAccount('ada@example.org', PASSWORD);
  mailed.signIn = await before.askFor('sign-in-links', 'ada@example.org');
  mailed.reset = await before.askFor('password-resets', 'ada@example.org');
  await before.addAccount('bob@example.org', PASSWORD);
  const bob = await before.signedIn({ email: 'bob@example.org', password: PASSWORD });
  withApp = { email: 'bob@example.org', ...(await setUpApp(bob, clock)) };
  underWay = before.visitor();
  const path = await before.askFor('sign-in-links', withApp.email);
  const pressed = await underWay.form(path);
  expect(pressed.headers.get('Location')).toBe('/sign-in/second-factor');
  await before.stop();
  app = await start(NEITHER);
});
afterAll(async () => {
  await app.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function query<T>(text: string, values: unknown[]): Promise<T[]> {
  const client = new Postgres({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as T[];
  } finally {
    await client.end();
  }
}

async function problemOf(answer: Response) {
  const { type, detail } = (await answer.json()) as { type: string; detail: string };
  return { status: answer.status, code: type.replace('urn:claimcheck:problem:', ''), detail };
}

const OFF = { status: 403, code: 'mailed-links-off' };

describe('with mailed links turned off', () => {
  test.each([
    ['sign-in-links', 'email', /your password or a passkey/],
    ['password-resets', 'forgot', /Ask an administrator: they can make you a link/],
  ])(
    'asking at %s is refused alike for known and unknown addresses, and says what there is instead',
    async (api, page, instead) => {
      for (const email of ['ada@example.org', 'nobody@example.org']) {
        const asked = await app.visitor().json('POST', `/api/${api}`, { email });
        expect(await problemOf(asked)).toEqual({ ...OFF, detail: expect.stringMatching(instead) });
        const posted = await app.visitor().form(`/sign-in/${page}`, { email });
        expect(posted.status).toBe(403);
      }
      const shown = await app.visitor().get(`/sign-in/${page}`, html);
      expect(shown.status).toBe(403);
      const text = await shown.text();
      expect(text).toMatch(instead);
      expect(text).not.toContain('name="email"');
      expect(text).toContain('href="/sign-in"');
      expect(await query('select 1 from link_request', [])).toEqual([]);
    },
  );

  test('links that were mailed before do nothing, and say why', async () => {
    for (const path of [mailed.signIn, mailed.reset]) {
      const looked = await app.visitor().get(path, html);
      expect(looked.status).toBe(403);
      expect(await looked.text()).toMatch(/has turned off .* also those that were mailed before/);
      const visitor = app.visitor();
      const pressed = await visitor.form(path, { password: NEW_PASSWORD });
      expect(pressed.status).toBe(403);
      expect(visitor.cookies.size).toBe(0);
    }
    const handle = (path: string) => path.slice('/i/'.length);
    const entered = { handle: handle(mailed.signIn) };
    expect(
      await problemOf(await app.visitor().json('POST', '/api/session/handle', entered)),
    ).toMatchObject(OFF);
    const chosen = { handle: handle(mailed.reset), password: NEW_PASSWORD };
    expect(
      await problemOf(await app.visitor().json('PUT', '/api/account/chosen-password', chosen)),
    ).toMatchObject(OFF);
    await app.signedIn({ email: 'ada@example.org', password: PASSWORD });
  });

  test('a sign-in that a link began before is not finished', async () => {
    const client = app.visitor();
    for (const [name, value] of underWay.cookies) client.cookies.set(name, value);
    const code = withApp.nextCode();
    const given = await client.json('POST', '/api/session/second-factor', { code });
    expect(await problemOf(given)).toMatchObject(OFF);
    expect((await client.get('/api/session')).status).toBe(401);
  });

  test.each(['sign-in', 'reset-password'])(
    'a wish for a link (%s) that was written down before is answered by none',
    async (purpose) => {
      const [id, email] = [randomBytes(6).toString('hex'), `${purpose}@example.org`];
      const account = await app.addAccount(email, PASSWORD);
      const wish = 'insert into link_request (id, purpose, email, created_at) values ($1,$2,$3,$4)';
      await query(wish, [id, purpose, email, new Date(clock.nowMs)]);
      await waitFor('the wish is answered', async () => {
        const left = await query('select 1 from link_request where id = $1', [id]);
        return left.length === 0 ? true : undefined;
      });
      const made = 'select 1 from identity_link where account_id = $1';
      expect(await query(made, [account.id])).toEqual([]);
    },
  );

  test('no page offers one', async () => {
    const signIn = await (await app.visitor().get('/sign-in', html)).text();
    expect(signIn).not.toMatch(/href="\/sign-in\/(?:email|forgot)"/);
    expect(signIn).toContain('Forgot your password? Ask an administrator.');
    const client = await app.signedIn({ email: 'ada@example.org', password: PASSWORD });
    for (const path of ['/account', '/account/second-factor', '/confirm-identity']) {
      const page = await (await client.get(path, html)).text();
      expect({ path, says: /mailed link|sign-in link|your mail/.test(page) }).toEqual({
        path,
        says: false,
      });
    }
  });

  test('an administrator makes the link to a new password, and the mails say so', async () => {
    const email = 'forgetful@example.org';
    const { id } = await app.addAccount(email, PASSWORD);
    const admin = await app.signedIn();
    expect(await (await admin.get('/accounts?q=forgetful', html)).text()).toContain(
      'Password link',
    );
    const made = await admin.json('POST', `/api/accounts/${id}/reset-link`, {});
    expect(made.status).toBe(201);
    const { url } = (await made.json()) as { url: string };
    const path = new URL(url).pathname;
    expect((await app.visitor().get(path, html)).status).toBe(200);
    const chosen = await app.visitor().form(path, { password: NEW_PASSWORD });
    expect(chosen.status).toBe(303);
    await app.signedIn({ email, password: NEW_PASSWORD });
    const { email: mail } = await app.nextMail(email, 'Your password was changed');
    expect(mail.text).toContain('ask whoever runs the server');
    expect(mail.text).not.toContain('Forgot');
    const again = await app.visitor().get(path, html);
    expect(again.status).toBe(410);
    expect(await again.text()).toContain('tell an administrator at once');
  });

  test('an invitation works as ever: it opens no account that anybody has come to', async () => {
    const admin = await app.signedIn();
    const wanted = { email: 'new@example.org', role: 'member' };
    expect((await admin.json('POST', '/api/invitations', wanted)).status).toBe(201);
    const { email } = await app.nextMail('new@example.org', 'You are invited');
    const [path = ''] = /\/i\/[a-z0-9]{32}/.exec(email.text ?? '') ?? [];
    expect((await app.visitor().form(path, { password: NEW_PASSWORD })).status).toBe(303);
    await app.signedIn({ email: 'new@example.org', password: NEW_PASSWORD });
  });
});

test('links are turned off each kind by itself, and those of before were not used up', async () => {
  const other = await start({ 'sign-in': false, 'reset-password': true });
  try {
    expect((await other.visitor().get(mailed.signIn, html)).status).toBe(403);
    const asked = { email: 'ada@example.org' };
    const refused = await other.visitor().json('POST', '/api/sign-in-links', asked);
    expect(refused.status).toBe(403);
    const answered = await other.visitor().json('POST', '/api/password-resets', asked);
    expect(answered.status).toBe(202);
    const chosen = await other.visitor().form(mailed.reset, { password: NEW_PASSWORD });
    expect(chosen.status).toBe(303);
    await other.signedIn({ ...asked, password: NEW_PASSWORD });
  } finally {
    await other.stop();
  }
});
