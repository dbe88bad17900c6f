// Accounts that are entered through the provider alone: made, invited, kept in, and left with a way in.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN } from '../app/start-app-server.js';
import { smtpTo } from '../identity-links/with-mail.js';
import { startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { codeOf, signInBy, startWithProvider, whoIs, type WithProvider } from './sign-in-there.js';

let on: WithProvider;
let mail: MailServer;
beforeAll(async () => {
  mail = await startMailServer();
  on = await startWithProvider({ accounts: 'create' }, { config: smtpTo(mail.port) });
});
afterAll(async () => {
  await on.stop();
  await mail.stop();
});

async function signedInBy(login: string, at = on) {
  const browser = at.browser();
  await signInBy(browser, login);
  return browser;
}

describe('an account that the provider’s word has made', () => {
  it('is a member’s, has no password, and works like any other', async () => {
    const { login, email } = on.newPerson();
    const { app } = await signedInBy(login);
    expect(await (await app.get('/api/session')).json()).toMatchObject({
      account: { email, role: 'member' },
    });
    expect((await app.get('/files')).status).toBe(200);
    expect(await (await app.get('/account')).text()).not.toContain('currentPassword');
    const password = 'whatever it may be';
    const typed = await on.visitor().json('POST', '/api/session', { email, password });
    expect(typed.status).toBe(401);
    const admin = await on.signedIn();
    expect(await (await admin.get('/api/accounts')).text()).not.toContain('"invited"');
  });

  it('is made once, however many windows come back at the same time', async () => {
    const { login, email } = on.newPerson();
    const browsers = Array.from({ length: 5 }, () => on.browser());
    await Promise.all(browsers.map((browser) => signInBy(browser, login)));
    const who = await Promise.all(browsers.map(({ app }) => whoIs(app)));
    expect(new Set(who)).toEqual(new Set([email]));
  });

  it('is not made for an address that is not verified', async () => {
    const { login } = on.newPerson({ emailVerified: false });
    expect(await codeOf(await signInBy(on.browser(), login))).toBe('no-account');
  });

  it('keeps its only way in', async () => {
    const { login, email } = on.newPerson();
    const { app } = await signedInBy(login);
    const { identities } = (await (await app.get('/api/account/identities')).json()) as {
      identities: { id: string }[];
    };
    const path = `/api/account/identities/${identities[0]?.id}`;
    expect((await app.request('DELETE', path)).status).toBe(409);
    expect(await (await app.get('/account/identities')).text()).toContain('The only way into');
    expect(await whoIs((await signedInBy(login)).app)).toBe(email);
  });

  it('gets no new password by mail: it is told where it signs in', async () => {
    const { login, email } = on.newPerson();
    await signInBy(on.browser(), login);
    for (const path of ['/api/password-resets', '/api/sign-in-links']) {
      expect((await on.visitor().json('POST', path, { email })).status).toBe(202);
    }
    const told = await waitFor('the mail', () =>
      mail.mails.find(({ recipients }) => recipients.includes(email)),
    );
    expect(told.email.text).toContain('Example Login');
    expect(told.email.text).not.toMatch(/\/i\//);
  });
});

describe('an invitation', () => {
  it('is accepted by signing in at the provider, in the invited role, and its link ends', async () => {
    const local = await startWithProvider();
    const admin = await local.signedIn();
    const input = { email: 'guest@example.org', role: 'admin' };
    const made = await admin.json('POST', '/api/invitations', input);
    const { id, url } = (await made.json()) as { id: string; url: string };
    local.provider.add({ subject: 'guest', email: 'guest@example.org' });
    const { app } = await signedInBy('guest', local);
    expect(await (await app.get('/api/session')).json()).toMatchObject({
      account: { email: 'guest@example.org', role: 'admin' },
    });
    const page = await local.visitor().get(new URL(url).pathname, { Accept: 'text/html' });
    expect(page.status).toBe(410);
    expect((await admin.request('DELETE', `/api/invitations/${id}`)).status).toBe(404);
    await local.stop();
  });
});

describe('with a list of allowed domains', () => {
  it('nobody comes in without a verified address in one of them, connected or not', async () => {
    const strict = await startWithProvider({ allowedDomains: ['example.org'] });
    strict.provider.add({ subject: 'ada', email: ADMIN.email });
    strict.provider.add({ subject: 'sub', email: 'ada@sub.example.org' });
    strict.provider.add({ subject: 'evil', email: 'ada@example.org@evil.test' });
    strict.provider.add({ subject: 'unsure', email: ADMIN.email, emailVerified: false });
    for (const login of ['sub', 'evil', 'unsure']) {
      expect(await codeOf(await signInBy(strict.browser(), login))).toBe('no-account');
    }
    expect(await whoIs((await signedInBy('ada', strict)).app)).toBe(ADMIN.email);
    strict.provider.add({ subject: 'ada', email: 'ada@elsewhere.example' });
    expect(await codeOf(await signInBy(strict.browser(), 'ada'))).toBe('no-account');
    await strict.stop();
  });
});
