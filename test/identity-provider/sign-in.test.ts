// Signing in by OpenID Connect against a real provider, over HTTP: who gets in, as whom, and what everybody
// else is told.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '../app/client.js';
import { ADMIN } from '../app/start-app-server.js';
import {
  codeOf,
  leave,
  locationOf,
  signInBy,
  signInThere,
  startWithProvider,
  whoIs,
  type WithProvider,
} from './sign-in-there.js';

let on: WithProvider;
let nowMs = Date.now();
beforeAll(async () => {
  on = await startWithProvider({}, { now: () => nowMs });
});
afterAll(async () => await on.stop());

/** Somebody with an account here and at the provider that have nothing but the address in common. */
async function newMember(): Promise<{ id: string; login: string; email: string }> {
  const person = on.newPerson();
  const admin = await on.signedIn();
  const input = { email: person.email, password: 'a password for a member', role: 'member' };
  const added = await admin.json('POST', '/api/accounts', input);
  return { ...person, id: ((await added.json()) as { id: string }).id };
}

async function signedInBy(login: string, at = on) {
  const browser = at.browser();
  await signInBy(browser, login);
  return browser;
}

async function identitiesOf(client: { get(path: string): Promise<Response> }) {
  const list = await (await client.get('/api/account/identities')).json();
  return (list as { identities: { id: string; issuer: string; email: string }[] }).identities;
}

describe('signing in by the provider', () => {
  it('connects an account by its verified address once, and finds it by the subject from then on', async () => {
    const { login, email } = await newMember();
    on.provider.add({ subject: login, email: email.toUpperCase() });
    const first = on.browser();
    const back = await signInBy(first, login, '/sign-in/provider?next=/links?q=1');
    expect([back.status, locationOf(back)]).toEqual([303, '/links?q=1']);
    expect(await whoIs(first.app)).toBe(email);
    expect(await identitiesOf(first.app)).toMatchObject([
      { issuer: on.provider.issuer, name: 'Example Login', email },
    ]);
    // The address there is another one now, that of the administrator even: it decides nothing any more.
    on.provider.add({ subject: login, email: ADMIN.email });
    expect(await whoIs((await signedInBy(login)).app)).toBe(email);
  });

  it('sends nothing to the provider but what the protocol needs, each time other values', async () => {
    const [one, other] = [new URL(await leave(on.browser())), new URL(await leave(on.browser()))];
    expect([...one.searchParams.keys()].toSorted()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'nonce',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.searchParams.get(name)).not.toBe(other.searchParams.get(name));
    }
    expect(one.searchParams.get('code_challenge_method')).toBe('S256');
  });

  it('keeps the browser’s secret in a cookie that no script and no sibling domain can touch', async () => {
    const left = await on.visitor().get('/sign-in/provider');
    expect(left.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-claimcheck-provider=[\w-]{43}; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ]);
  });

  it('reads an address from the ID token where the provider puts it there', async () => {
    const alike = await startWithProvider({}, { provider: { emailInIdToken: true } });
    alike.provider.add({ subject: 'ada', email: ADMIN.email });
    expect(await whoIs((await signedInBy('ada', alike)).app)).toBe(ADMIN.email);
    expect(alike.provider.asked).not.toContain('/me');
    await alike.stop();
  });

  it.each([
    ['an address that is not verified', { email: ADMIN.email, emailVerified: false }],
    ['no address', {}],
    ['an address that no account has', { email: 'stranger@example.org' }],
  ])('lets nobody in with %s', async (_, person) => {
    on.provider.add({ subject: 'x', ...person });
    const browser = on.browser();
    const back = await signInBy(browser, 'x');
    expect([back.status, await codeOf(back)]).toEqual([403, 'no-account']);
    expect(await whoIs(browser.app)).toBeUndefined();
  });

  it('keeps a disabled account out, connected or not', async () => {
    const { id, login, email } = await newMember();
    const admin = await on.signedIn();
    const disable = (disabled: boolean) => admin.json('PATCH', `/api/accounts/${id}`, { disabled });
    await disable(true);
    expect(await codeOf(await signInBy(on.browser(), login))).toBe('no-account');
    await disable(false);
    const { app } = await signedInBy(login);
    expect(await whoIs(app)).toBe(email);
    await disable(true);
    expect(await whoIs(app)).toBeUndefined();
    expect(await codeOf(await signInBy(on.browser(), login))).toBe('no-account');
  });

  it('does not give an account to the next person who gets its address at the provider', async () => {
    const { login, email } = await newMember();
    await signInBy(on.browser(), login);
    const successor = on.newPerson({ email });
    const browser = on.browser();
    expect(await codeOf(await signInBy(browser, successor.login))).toBe('no-account');
    expect(await whoIs(browser.app)).toBeUndefined();
  });

  it('connects one person once, however many windows come back at the same time', async () => {
    const { login, email } = await newMember();
    const backs = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const browser = on.browser();
        return { browser, back: await signInThere(browser, await leave(browser), login) };
      }),
    );
    await Promise.all(backs.map(({ browser, back }) => browser.app.get(back)));
    const who = await Promise.all(backs.map(({ browser }) => whoIs(browser.app)));
    expect(new Set(who)).toEqual(new Set([email]));
    expect(await identitiesOf((await signedInBy(login)).app)).toHaveLength(1);
  });

  it('logs no code, state, nonce or secret', async () => {
    const { login } = await newMember();
    const browser = on.browser();
    const authorization = await leave(browser);
    const back = await signInThere(browser, authorization, login);
    await browser.app.get(back);
    await browser.app.get(back);
    const code = new URL(back, 'http://x').searchParams.get('code') ?? 'none';
    const { state = 'none', nonce = 'none' } = Object.fromEntries(
      new URL(authorization).searchParams,
    );
    for (const secret of [code, state, nonce, on.provider.clientSecret]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(on.logged()).not.toContain(secret);
    }
  });
});

describe('an identity that was connected', () => {
  it('is taken off again by its owner, whose other sessions end with it', async () => {
    const { login, email } = await newMember();
    const [one, other] = [await signedInBy(login), await signedInBy(login)];
    const [identity] = await identitiesOf(one.app);
    const path = `/api/account/identities/${identity?.id}`;
    expect((await one.app.request('DELETE', '/api/account/identities/unknown')).status).toBe(404);
    expect(await whoIs(other.app)).toBe(email);
    expect((await one.app.request('DELETE', path)).status).toBe(204);
    expect(await identitiesOf(one.app)).toEqual([]);
    expect([await whoIs(one.app), await whoIs(other.app)]).toEqual([email, undefined]);
    expect((await one.app.request('DELETE', path)).status).toBe(404);
  });

  it('is somebody’s own: nobody else can take it off', async () => {
    const [owner, stranger] = [await newMember(), await newMember()];
    const [identity] = await identitiesOf((await signedInBy(owner.login)).app);
    const { app } = await signedInBy(stranger.login);
    const taken = await app.request('DELETE', `/api/account/identities/${identity?.id}`);
    expect(taken.status).toBe(404);
    expect(await whoIs((await signedInBy(owner.login)).app)).toBe(owner.email);
  });

  it('can be connected by hand, whatever its address, and to one account only', async () => {
    const [one, other] = [await newMember(), await newMember()];
    const there = on.newPerson({ email: 'another@elsewhere.example' });
    const connect = async (as: { email: string }) => {
      const app = await on.signedIn({ ...as, password: 'a password for a member' });
      const leaving = await app.form('/account/identities/provider');
      expect(leaving.status).toBe(200);
      const [, href = ''] = /^0; url=(.*)$/.exec(leaving.headers.get('refresh') ?? '') ?? [];
      const browser = { app, there: createClient(on.provider.issuer, on.provider.issuer) };
      return await app.get(await signInThere(browser, href, there.login), { Accept: 'text/html' });
    };
    expect(locationOf(await connect(one))).toBe('/account/identities?done=identity-connected');
    expect(await whoIs((await signedInBy(there.login)).app)).toBe(one.email);
    expect(await codeOf(await connect(other))).toBe('conflict');
    expect(await whoIs((await signedInBy(there.login)).app)).toBe(one.email);
  });

  it('is not connected from another site’s page', async () => {
    const { login } = await newMember();
    const { app } = await signedInBy(login);
    const posted = await app.request('POST', '/account/identities/provider', {
      headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    });
    expect(posted.status).toBe(403);
    expect((await app.get('/account/identities/provider')).status).toBe(405);
  });
});

describe('proving anew at the provider', () => {
  it('needs credentials given after it was asked for, and counts as a proof then', async () => {
    const { login } = await newMember();
    const browser = await signedInBy(login);
    nowMs += 11 * 60_000;
    const asked = await browser.app.form('/account/identities/provider');
    expect(locationOf(asked)).toMatch(/^\/confirm-identity/);
    const page = await (await browser.app.get('/confirm-identity?next=/account')).text();
    expect(page).toContain('/sign-in/provider/prove?next=%2Faccount');
    const url = new URL(await leave(browser, '/sign-in/provider/prove?next=/account'));
    expect([url.searchParams.get('prompt'), url.searchParams.get('max_age')]).toEqual([
      'login',
      '0',
    ]);
    const back = await browser.app.get(await signInThere(browser, url.href, login));
    expect(locationOf(back)).toBe('/account');
    expect((await browser.app.form('/account/identities/provider')).status).toBe(200);
  });

  it('is not done by somebody else', async () => {
    const [owner, other] = [await newMember(), await newMember()];
    const { app } = await signedInBy(owner.login);
    await signInBy(on.browser(), other.login);
    nowMs += 11 * 60_000;
    const browser = { app, there: createClient(on.provider.issuer, on.provider.issuer) };
    expect(await codeOf(await signInBy(browser, other.login, '/sign-in/provider/prove'))).toBe(
      'no-account',
    );
    expect(locationOf(await app.form('/account/identities/provider'))).toMatch(/^\/confirm/);
  });

  it.each([
    ['ask for them again', { prompt: undefined, max_age: '100000' }],
    ['say when they were given', { prompt: undefined, max_age: undefined }],
  ])('is not done by credentials of before, should the provider not %s', async (_, changes) => {
    const { login } = await newMember();
    on.provider.backdateSignIns(60);
    const browser = await signedInBy(login);
    on.provider.backdateSignIns(0);
    nowMs += 11 * 60_000;
    const url = new URL(await leave(browser, '/sign-in/provider/prove'));
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    const refused = await browser.app.get(await signInThere(browser, url.href, login), {
      Accept: 'text/html',
    });
    expect(await codeOf(refused)).toBe('provider-refused');
    expect(locationOf(await browser.app.form('/account/identities/provider'))).toMatch(
      /^\/confirm/,
    );
  });
});
