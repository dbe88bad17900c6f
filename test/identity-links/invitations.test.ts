// Inviting somebody: an account without a password, until its owner has chosen one by the link.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestAppServer } from '../app/start-app-server.js';
import { linkIn } from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startWithMail, type Client, type WithMail } from './with-mail.js';

const PASSWORD = 'chosen by its owner';

let app: WithMail;
let admin: Client;
let clockMs = Date.now();
beforeAll(async () => {
  app = await startWithMail({ now: () => clockMs });
  admin = await app.signedIn();
});
afterAll(() => app.stop());

let counter = 0;
async function invite(role = 'member'): Promise<{ id: string; email: string; path: string }> {
  counter += 1;
  const email = `guest${counter}@example.org`;
  const response = await admin.json('POST', '/api/invitations', { email, role });
  expect(response.status).toBe(201);
  const invitation = (await response.json()) as { id: string; url?: string };
  expect(invitation.url).toBeUndefined();
  const path = new URL(linkIn(await app.nextMail(email, 'You are invited'))).pathname;
  return { id: invitation.id, email, path };
}

const accounts = async () =>
  (
    (await (await admin.get('/api/accounts')).json()) as {
      accounts: { id: string; email: string; invited?: boolean; role: string }[];
    }
  ).accounts;

test('with a mail server nobody makes links to the passwords of others', async () => {
  const [account] = await accounts();
  const response = await admin.request('POST', `/api/accounts/${account?.id}/reset-link`);
  expect(response.status).toBe(409);
  expect(await (await admin.get('/accounts')).text()).not.toContain('reset-link');
});

describe('an invitation', () => {
  test('lets its owner choose the password, once, and sign in with it', async () => {
    const { id, email, path } = await invite('admin');
    expect((await accounts()).find((each) => each.id === id)).toMatchObject({ invited: true });
    const page = await app.visitor().get(path, { Accept: 'text/html' });
    expect(await page.text()).toContain('Set up your account');
    const early = await app.visitor().json('POST', '/api/session', { email, password: PASSWORD });
    expect(early.status).toBe(401);

    expect((await app.visitor().form(path, { password: 'short' })).status).toBe(422);
    expect((await app.visitor().form(path, { password: PASSWORD })).status).toBe(303);
    const guest = await app.signedIn({ email, password: PASSWORD });
    expect((await guest.get('/api/accounts')).status).toBe(200);
    expect((await accounts()).find((each) => each.id === id)?.invited).toBeUndefined();
    const again = await app.visitor().form(path, { password: 'somebody else chooses' });
    expect(again.status).toBe(410);
    expect(await again.text()).toContain('Your account is set up');
  });

  test('sent again ends the link before it', async () => {
    const { id, email, path } = await invite();
    expect((await admin.request('POST', `/api/invitations/${id}/send`)).status).toBe(200);
    const newer = new URL(linkIn(await app.nextMail(email))).pathname;
    expect((await app.visitor().form(path, { password: PASSWORD })).status).toBe(410);
    expect((await app.visitor().form(newer, { password: PASSWORD })).status).toBe(303);
    expect((await admin.request('POST', `/api/invitations/${id}/send`)).status).toBe(404);
    expect((await admin.request('DELETE', `/api/invitations/${id}`)).status).toBe(404);
  });

  test('withdrawn is no account any more, and the address can be invited again', async () => {
    const { id, email, path } = await invite();
    const response = await admin.form(`/accounts/${id}/invitation/withdraw`);
    expect(response.headers.get('Location')).toBe('/accounts?done=invitation-withdrawn');
    expect((await app.visitor().form(path, { password: PASSWORD })).status).toBe(403);
    expect((await accounts()).map((each) => each.id)).not.toContain(id);
    expect((await admin.form('/accounts/invite', { email, role: 'member' })).status).toBe(303);
  });

  test('expires after seven days', async () => {
    const { path } = await invite();
    clockMs += 7 * 24 * 60 * 60_000;
    admin = await app.signedIn();
    const late = await app.visitor().form(path, { password: PASSWORD });
    expect(late.status).toBe(410);
    expect(await late.text()).toContain('send it again');
  });

  test('is for an address that has no account, and by administrators alone', async () => {
    const { email, id } = await invite();
    const body = { email: email.toUpperCase(), role: 'member' };
    expect((await admin.json('POST', '/api/invitations', body)).status).toBe(409);
    const onPage = await admin.form('/accounts/invite', body);
    expect(onPage.status).toBe(409);
    expect(await onPage.text()).toContain('has an account already');
    const member = await app.addMember();
    for (const [method, path] of [
      ['POST', '/api/invitations'],
      ['POST', `/api/invitations/${id}/send`],
      ['DELETE', `/api/invitations/${id}`],
      ['POST', '/accounts/invite'],
      ['POST', `/accounts/${id}/invitation/send`],
      ['POST', `/accounts/${id}/invitation/withdraw`],
    ] as const) {
      expect((await member.request(method, path)).status).toBe(403);
    }
  });

  test('is not answered with a sign-in link or a reset, since there is nothing to sign in to yet', async () => {
    const { email } = await invite();
    await app.visitor().json('POST', '/api/password-resets', { email });
    await app.visitor().json('POST', '/api/sign-in-links', { email });
    // Requests are answered in their order: once this one's mail is here, those were.
    await app.visitor().json('POST', '/api/password-resets', { email: 'admin@example.org' });
    await app.nextMail('admin@example.org', 'Choose a new password');
    expect(app.mailServer.mails.filter(({ recipients }) => recipients[0] === email)).toEqual([]);
  });
});

test('without a mail server the page gives the link, and the mail is a file for the operator alone', async () => {
  const alone = await startTestAppServer({ databaseUrl: await createDatabase() });
  try {
    const operator = await alone.signedIn();
    const page = await operator.form('/accounts/invite', {
      email: 'gü@example.org',
      role: 'member',
    });
    const url = /http:\/\/localhost:3000\/i\/[A-Za-z0-9_-]{32}/.exec(await page.text())?.[0] ?? '';
    const outbox = join(alone.config.dataDir, 'outbox');
    const name = await waitFor('the file is there', async () =>
      (await readdir(outbox).catch(() => [])).find((each) => each.endsWith('.eml')),
    );
    expect((await stat(join(outbox, name))).mode & 0o777).toBe(0o600);
    expect((await stat(outbox)).mode & 0o777).toBe(0o700);
    const text = await readFile(join(outbox, name), 'utf8');
    expect(text.replaceAll('=\r\n', '').replaceAll('=3D', '=')).toContain(url);
    expect(await readdir(join(outbox, 'accepted'))).toEqual([]);
    const choose = await alone.visitor().form(new URL(url).pathname, { password: PASSWORD });
    expect(choose.status).toBe(303);
    await alone.signedIn({ email: 'gü@example.org', password: PASSWORD });
    expect(await (await operator.get('/outbox')).text()).toContain('written to a file');
    const forgot = await (await alone.visitor().get('/sign-in/forgot')).text();
    expect(forgot).toContain('has no mail server');
    expect(await (await operator.get('/accounts')).text()).not.toContain(url);

    const { accounts: all } = (await (await operator.get('/api/accounts')).json()) as {
      accounts: { id: string; email: string }[];
    };
    const guest = all.find(({ email }) => email === 'gü@example.org');
    const given = await operator.form(`/accounts/${guest?.id}/reset-link`);
    const reset = /http:\/\/localhost:3000\/i\/[A-Za-z0-9_-]{32}/.exec(await given.text())?.[0];
    const again = { password: 'chosen once more' };
    expect((await alone.visitor().form(new URL(reset ?? '').pathname, again)).status).toBe(303);
    const member = await alone.signedIn({ email: 'gü@example.org', ...again });
    expect((await member.request('POST', `/api/accounts/${guest?.id}/reset-link`)).status).toBe(
      403,
    );
  } finally {
    await alone.stop();
  }
});
