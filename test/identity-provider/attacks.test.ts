// What an attacker, a broken provider and a dead one can do to a sign-in by OpenID Connect: nothing but stop
// it, and never another sign-in.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { createClient } from '../app/client.js';
import { ADMIN } from '../app/start-app-server.js';
import {
  codeOf,
  leave,
  signInBy,
  signInThere,
  startWithProvider,
  whoIs,
  type Browser,
  type WithProvider,
} from './sign-in-there.js';
import { startProvider } from './start-provider.js';

let on: WithProvider;
let nowMs = Date.now();
let login = '';
let email = '';
beforeAll(async () => {
  on = await startWithProvider({ accounts: 'create' }, { now: () => nowMs });
});
beforeEach(() => {
  ({ login, email } = on.newPerson());
});
afterAll(async () => await on.stop());

async function come(browser: Browser, back: string): Promise<[number, string]> {
  const response = await browser.app.get(back, { Accept: 'text/html' });
  return [response.status, response.status === 303 ? 'in' : await codeOf(response)];
}

function withQuery(back: string, changes: Record<string, string | undefined>): string {
  const url = new URL(back, 'http://localhost');
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search;
}

describe('coming back from the provider', () => {
  it('is for the browser that left: an attacker’s answer signs no victim in', async () => {
    const attacker = on.browser();
    const back = await signInThere(attacker, await leave(attacker), login);
    const victim = on.browser();
    expect(await come(victim, back)).toEqual([400, 'sign-in-over']);
    // Nor while the victim is about to sign in itself.
    const own = await leave(victim);
    expect(await come(victim, back)).toEqual([400, 'sign-in-over']);
    expect(await whoIs(victim.app)).toBeUndefined();
    // And the victim’s own sign-in was not harmed by it.
    expect(await come(victim, await signInThere(victim, own, login))).toEqual([303, 'in']);
  });

  it('works once: neither state nor code can be used again', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    const cookies = new Map(browser.app.cookies);
    expect(await come(browser, back)).toEqual([303, 'in']);
    const again = on.browser();
    for (const [name, value] of cookies) again.app.cookies.set(name, value);
    expect(await come(again, back)).toEqual([400, 'sign-in-over']);
    // The code within another attempt, whose state fits: the provider knows that it was used.
    const other = on.browser();
    const fresh = await signInThere(other, await leave(other), login);
    const code = new URL(back, 'http://localhost').searchParams.get('code') ?? '';
    expect(await come(other, withQuery(fresh, { code }))).toEqual([403, 'provider-refused']);
    expect(await whoIs(other.app)).toBeUndefined();
  });

  it('lets one of several at once through', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    const twins = Array.from({ length: 5 }, () => {
      const twin = on.browser();
      for (const [name, value] of browser.app.cookies) twin.app.cookies.set(name, value);
      return twin;
    });
    const outcomes = await Promise.all(twins.map((twin) => come(twin, back)));
    expect(outcomes.filter(([status]) => status === 303)).toHaveLength(1);
  });

  it('refuses a code of another attempt, which its PKCE verifier and nonce do not fit', async () => {
    const thief = on.browser();
    const victim = on.browser();
    const stolen = await signInThere(victim, await leave(victim), login);
    const own = await signInThere(thief, await leave(thief), login);
    const code = new URL(stolen, 'http://localhost').searchParams.get('code') ?? '';
    expect(await come(thief, withQuery(own, { code }))).toEqual([403, 'provider-refused']);
    expect(await whoIs(thief.app)).toBeUndefined();
  });

  it.each([
    ['another state', { state: 'A'.repeat(43) }],
    ['no state', { state: undefined }],
  ])('refuses %s', async (_, changes) => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    expect(await come(browser, withQuery(back, changes))).toEqual([400, 'sign-in-over']);
    expect(await come(browser, back)).toEqual([303, 'in']);
  });

  it.each([
    ['that of another issuer', { iss: 'https://other.example' }],
    ['none, though the provider always names itself', { iss: undefined }],
  ])('refuses an answer with a wrong issuer: %s', async (_, changes) => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    expect(await come(browser, withQuery(back, changes))).toEqual([403, 'provider-refused']);
    expect(await whoIs(browser.app)).toBeUndefined();
  });

  it('is over after ten minutes', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    nowMs += 10 * 60_000;
    expect(await come(browser, back)).toEqual([400, 'sign-in-over']);
  });

  it('is not done by HEAD, nor by a page that is fetched beforehand', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    expect((await browser.app.request('HEAD', back)).status).toBe(400);
    expect((await browser.app.get(back, { 'Sec-Purpose': 'prefetch' })).status).toBe(400);
    expect(await come(browser, back)).toEqual([303, 'in']);
  });

  it('says so clearly when they said no there', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), 'refuse');
    expect(back).toContain('error=access_denied');
    const page = await browser.app.get(back, { Accept: 'text/html' });
    const text = await page.text();
    expect([page.status, text.includes('said no'), text.includes('they said no')]).toEqual([
      403,
      true,
      false,
    ]);
  });

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'never ends at %s',
    async (next) => {
      const browser = on.browser();
      const path = `/sign-in/provider?next=${encodeURIComponent(next)}`;
      const back = await signInBy(browser, login, path);
      expect(back.headers.get('location')).toBe('/files');
    },
  );
});

describe('a provider that answers wrongly', () => {
  /** Answers the token endpoint with what the test makes of the true answer. */
  function forge(change: (claims: Record<string, unknown>) => Record<string, unknown>): void {
    on.provider.intercept((request, response) => {
      if (request.url !== '/token') return false;
      on.provider.intercept(undefined);
      void relay(request.url, request, response, change);
      return true;
    });
  }

  it.each([
    ['another nonce', { nonce: 'somebody-elses' }],
    ['no nonce', { nonce: undefined }],
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'another-client' }],
    ['a time long gone', { exp: 1_000_000_000 }],
    ['another subject', { sub: 'eve' }],
  ])('proves nothing with an ID token that has %s', async (_, change) => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    forge((claims) => ({ ...claims, ...change }));
    expect(await come(browser, back)).toEqual([403, 'provider-refused']);
    expect(await whoIs(browser.app)).toBeUndefined();
  });

  /** Asks the provider itself and changes the claims of the ID token, whose signature then is wrong. */
  async function relay(
    path: string,
    request: AsyncIterable<unknown> & { headers: NodeJS.Dict<string | string[]> },
    response: ServerResponse,
    change: (claims: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const truth = await fetch(new URL(path, on.provider.issuer), {
      method: 'POST',
      body,
      headers: {
        'content-type': String(request.headers['content-type']),
        authorization: String(request.headers['authorization']),
      },
    });
    const tokens = (await truth.json()) as { id_token: string };
    const [head, payload = '', signature] = tokens.id_token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify(change({ ...claims }))).toString('base64url');
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify({ ...tokens, id_token: [head, changed, signature].join('.') }));
  }

  it('proves nothing with a wrong signature, were every claim right', async () => {
    const browser = on.browser();
    const back = await signInThere(browser, await leave(browser), login);
    forge((claims) => ({ ...claims, extra: 'not signed' }));
    expect(await come(browser, back)).toEqual([403, 'provider-refused']);
  });

  it('proves nothing by a mix-up: an answer of another provider with its own code', async () => {
    const evil = await startProvider({
      redirectUri: 'http://localhost:3000/sign-in/provider/callback',
    });
    evil.add({ subject: login, email });
    const browser = on.browser();
    const authorization = new URL(await leave(browser));
    const elsewhere = new URL(authorization.pathname + authorization.search, evil.issuer);
    const there = createClient(evil.issuer, evil.issuer);
    const back = await signInThere({ ...browser, there }, elsewhere.href, login);
    expect(await come(browser, back)).toEqual([403, 'provider-refused']);
    await evil.stop();
  });
});

describe('a provider that is away', () => {
  it('stops neither the start nor other ways in, is told of clearly, and is found again', async () => {
    const other = await startWithProvider({}, { now: () => nowMs });
    other.provider.add({ subject: 'ada', email: ADMIN.email });
    let isAway = true;
    other.provider.intercept((_, response) => {
      if (isAway) response.destroy();
      return isAway;
    });
    const page = await other.visitor().get('/sign-in/provider', { Accept: 'text/html' });
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await page.text()).toContain('Example Login does not answer');
    expect(await whoIs(await other.signedIn())).toBe(ADMIN.email);
    expect(other.logged()).toContain('the identity provider cannot be read (OIDC_ISSUER)');
    // It is not asked by each of the many who now press the button.
    const asked = other.provider.asked.length;
    await Promise.all(Array.from({ length: 10 }, () => other.visitor().get('/sign-in/provider')));
    expect(other.provider.asked.length).toBe(asked);
    isAway = false;
    nowMs += 2500;
    const browser = other.browser();
    await signInBy(browser, 'ada');
    expect(await whoIs(browser.app)).toBe(ADMIN.email);
    await other.stop();
  });

  it.each([
    ['the token endpoint', '/token'],
    ['userinfo', '/me'],
    ['its keys', '/jwks'],
  ])('fails at %s with a page that says so, and works once it is back', async (_, path) => {
    // Its metadata and keys are read anew after an hour.
    nowMs += 61 * 60_000;
    on.provider.intercept((request, response) => {
      if (request.url !== path) return false;
      response.writeHead(502).end('<html>bad gateway');
      return true;
    });
    const browser = on.browser();
    const attempt = async () =>
      await come(browser, await signInThere(browser, await leave(browser), login));
    expect(await attempt()).toEqual([503, 'provider-unavailable']);
    on.provider.intercept(undefined);
    expect(await attempt()).toEqual([303, 'in']);
  });
});
