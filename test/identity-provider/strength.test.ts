// How strongly the provider must have proven somebody (OIDC_ACR_VALUES), against a real provider: what it is asked
// for, who is let in, and that leaving the question out on the way helps nobody.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import {
  codeOf,
  leave,
  signInBy,
  signInThere,
  startWithProvider,
  whoIs,
  type WithProvider,
} from './sign-in-there.js';

const WEAK = 'urn:example:password';
const STRONG = 'urn:example:two-factors';
const BEST = 'urn:example:hardware';
const html = { Accept: 'text/html' };

const start = (knowsClaims: boolean) =>
  startWithProvider(
    { acrValues: [BEST, STRONG] },
    { provider: { acrValues: [WEAK, STRONG, BEST], knowsClaims } },
  );

async function newMember(on: WithProvider) {
  const person = on.newPerson();
  const admin = await on.signedIn();
  const input = { email: person.email, password: 'a password for a member', role: 'member' };
  const added = await admin.json('POST', '/api/accounts', input);
  return { ...person, id: ((await added.json()) as { id: string }).id };
}

interface AuditEntry {
  action: string;
  account: { id: string } | null;
  details: { reason?: string };
}

async function refusalsOf(on: WithProvider): Promise<AuditEntry[]> {
  const admin = await on.signedIn();
  const list = await (await admin.get('/api/audit?action=identity.refused')).json();
  return (list as { entries: AuditEntry[] }).entries;
}

describe('a provider that is asked by acr_values', () => {
  let on: WithProvider;
  beforeAll(async () => {
    on = await start(false);
  });
  afterAll(async () => await on.stop());

  it('is told the values that count, the best first', async () => {
    const { searchParams } = new URL(await leave(on.browser()));
    expect(searchParams.get('acr_values')).toBe(`${BEST} ${STRONG}`);
    expect(searchParams.has('claims')).toBe(false);
  });

  it.each([STRONG, BEST])('lets in who is proven by one of them: %s', async (acr) => {
    const { login, email } = await newMember(on);
    on.provider.proveAs(acr);
    const browser = on.browser();
    await signInBy(browser, login);
    expect(await whoIs(browser.app)).toBe(email);
  });

  it.each([
    ['by something weaker', WEAK, '“acr” is “urn:example:password”'],
    ['by it does not say what', undefined, 'no “acr” in the proof'],
  ])(
    'lets nobody in %s, says so to them and their administrator, and it is written down',
    async (_, acr, said) => {
      const { login, id, email } = await newMember(on);
      on.provider.proveAs(STRONG);
      await signInBy(on.browser(), login);
      on.provider.proveAs(acr);
      const browser = on.browser();
      const back = await signInBy(browser, login);
      expect(back.status).toBe(403);
      const page = await back.clone().text();
      expect(await codeOf(back)).toBe('proof-too-weak');
      expect(page).toContain('Example Login did not prove as strongly who you are');
      expect(page).toContain(said);
      expect(page).toContain('OIDC_ACR_VALUES');
      expect(page).toContain('href="/sign-in"');
      expect(await whoIs(browser.app)).toBeUndefined();
      const [entry] = await refusalsOf(on);
      expect(entry).toMatchObject({ action: 'identity.refused', account: { id } });
      expect(entry?.details.reason).toContain(said);
      expect(entry?.details.reason).not.toContain(email);
    },
  );

  it('does not connect a person who is new here either', async () => {
    const { login, id } = await newMember(on);
    on.provider.proveAs(WEAK);
    expect(await codeOf(await signInBy(on.browser(), login))).toBe('proof-too-weak');
    const [entry] = await refusalsOf(on);
    expect(entry?.account).toBeNull();
    const admin = await on.signedIn();
    const shown = await (await admin.get(`/accounts/${id}`, html)).text();
    expect(shown).not.toContain(on.provider.issuer);
  });

  it('proves nothing anew, and connects nothing, with something weaker', async () => {
    const { login, email } = await newMember(on);
    on.provider.proveAs(STRONG, WEAK);
    const browser = on.browser();
    await signInBy(browser, login);
    expect(await whoIs(browser.app)).toBe(email);
    const path = '/sign-in/provider/prove?next=/account';
    expect(await codeOf(await signInBy(browser, login, path))).toBe('proof-too-weak');

    const [other, there] = [await newMember(on), on.newPerson()];
    const app = await on.signedIn({ ...other, password: 'a password for a member' });
    const leaving = await app.form('/account/identities/provider');
    const [, href = ''] = /^0; url=(.*)$/.exec(leaving.headers.get('refresh') ?? '') ?? [];
    const back = await signInThere({ ...on.browser(), app }, href, there.login);
    expect(await codeOf(await app.get(back, html))).toBe('proof-too-weak');
    expect(await (await app.get('/api/account/identities')).json()).toEqual({ identities: [] });
  });
});

describe('a provider that knows the claims parameter', () => {
  let on: WithProvider;
  beforeAll(async () => {
    on = await start(true);
  });
  afterAll(async () => await on.stop());

  it('is asked for an essential claim, and not in two ways at once', async () => {
    const { searchParams } = new URL(await leave(on.browser()));
    expect(searchParams.has('acr_values')).toBe(false);
    expect(JSON.parse(searchParams.get('claims') ?? '')).toEqual({
      id_token: { acr: { essential: true, values: [BEST, STRONG] } },
    });
  });

  it('asks again for more until it has it', async () => {
    const { login, email } = await newMember(on);
    on.provider.proveAs(WEAK, STRONG);
    const browser = on.browser();
    const before = on.provider.asked.length;
    await signInBy(browser, login);
    expect(await whoIs(browser.app)).toBe(email);
    const shown = on.provider.asked.slice(before).filter((path) => path.startsWith('/interaction'));
    // Each page is looked at and sent.
    expect(shown).toHaveLength(4);
  });

  it('that says it cannot prove as much is told from a sign-in that went wrong, and it is written down', async () => {
    const browser = on.browser();
    const back = await signInBy(browser, 'cannot');
    expect(back.status).toBe(403);
    expect(await codeOf(back)).toBe('proof-too-weak');
    expect(await whoIs(browser.app)).toBeUndefined();
    const [entry] = await refusalsOf(on);
    expect(entry).toMatchObject({ action: 'identity.refused', account: null });
  });

  it('was not asked, because somebody took the question out of the address: nobody is let in by less', async () => {
    const { login } = await newMember(on);
    on.provider.proveAs(WEAK);
    const browser = on.browser();
    const url = new URL(await leave(browser));
    url.searchParams.delete('claims');
    const back = await signInThere(browser, url.href, login);
    expect(await codeOf(await browser.app.get(back, html))).toBe('proof-too-weak');
    expect(await whoIs(browser.app)).toBeUndefined();
  });
});

describe('without OIDC_ACR_VALUES', () => {
  it('nothing is asked for, and any proof is one', async () => {
    const on = await startWithProvider({}, { provider: { acrValues: [WEAK], knowsClaims: true } });
    try {
      const { login, email } = await newMember(on);
      on.provider.proveAs(WEAK);
      const browser = on.browser();
      const url = await leave(browser);
      expect([...new URL(url).searchParams.keys()]).not.toEqual(
        expect.arrayContaining(['acr_values']),
      );
      expect(new URL(url).searchParams.has('claims')).toBe(false);
      await browser.app.get(await signInThere(browser, url, login), html);
      expect(await whoIs(browser.app)).toBe(email);
    } finally {
      await on.stop();
    }
  });

  it.each([
    ['off', [], false],
    ['all', [], true],
    ['all', [STRONG], false],
  ] as const)(
    'with REQUIRE_SECOND_FACTOR=%s and the values %j the start warns of it: %s',
    async (requireSecondFactor, acrValues, warned) => {
      const app = await startTestAppServer({
        databaseUrl: await createDatabase(),
        config: {
          requireSecondFactor,
          provider: {
            issuer: 'https://login.example.org',
            clientId: 'claimcheck',
            clientSecret: 'a-secret',
            name: 'Example Login',
            accounts: 'existing',
            allowedDomains: [],
            acrValues,
          },
        },
      });
      try {
        expect(app.logged().includes('(OIDC_ACR_VALUES)')).toBe(warned);
      } finally {
        await app.stop();
      }
    },
  );
});
