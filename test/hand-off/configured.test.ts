// Hand-offs as the configuration has them: one database for both servers, peers that are taken out, peers
// that are away, a ledger that forgets.
import { afterEach, describe, expect, it } from '@jest/globals';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { APP_ORIGIN, startTestAppServer } from '../app/start-app-server.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { accept, ADMIN, begin, codeOf, press, startTwoServers, whoIs } from './two-servers.js';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.stop();
});

function toStop<T extends { stop(): Promise<void> }>(started: T): T {
  running.push(started);
  return started;
}

describe('with one database for both servers', () => {
  it('an account is the same at both, without connecting anything', async () => {
    const on = toStop(await startTwoServers({ shared: true }));
    const there = await on.sender.signedIn();
    const browser = on.receiver.visitor();
    expect(await accept(browser, await press(there, await begin(browser)))).toBe('in');
    expect(await whoIs(browser)).toBe(ADMIN.email);
    const offered = await (await browser.get('/account/identities')).text();
    expect(offered).not.toContain('main-site');
    expect((await browser.form('/account/identities/peers/main-site')).status).toBe(404);
  });

  it('an account that is disabled after the press is not let in', async () => {
    const on = toStop(await startTwoServers({ shared: true }));
    const admin = await on.sender.signedIn();
    const member = { email: 'member@example.org', password: 'a password for a member' };
    const added = await admin.json('POST', '/api/accounts', { ...member, role: 'member' });
    const { id } = (await added.json()) as { id: string };
    const browser = on.receiver.visitor();
    const path = await press(await on.sender.signedIn(member), await begin(browser));
    await admin.json('PATCH', `/api/accounts/${id}`, { disabled: true });
    expect(await accept(browser, path)).toBe('no-account');
    expect(await whoIs(browser)).toBeUndefined();
  });
});

describe('a peer that is taken out of the configuration', () => {
  it('is not received from any more, not even for what is under way', async () => {
    const on = toStop(await startTwoServers({ shared: true }));
    const there = await on.sender.signedIn();
    const browser = on.receiver.visitor();
    const path = await press(there, await begin(browser));
    const { config } = on.receiver;
    const databaseUrl = config.databaseUrl ?? '';
    // The same server, started again without it.
    const without = toStop(
      await startTestAppServer({
        databaseUrl,
        dataDir: config.dataDir,
        config: { appOrigin: config.appOrigin, handOff: { to: [], from: [], accounts: 'shared' } },
      }),
    );
    const same = without.visitor();
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    expect(await accept(same, path)).toBe('not-a-peer');
    expect(await whoIs(same)).toBeUndefined();
  });
});

describe('a sender that is away', () => {
  it('stops nothing at the receiver, and is waited for', async () => {
    const port = await freePort();
    const alone = toStop(
      await startTestAppServer({
        databaseUrl: await createDatabase(),
        config: {
          handOff: {
            to: [],
            from: [{ name: 'away', origin: `http://localhost:${port}` }],
            accounts: 'connected',
          },
        },
      }),
    );
    expect(await whoIs(await alone.signedIn())).toBe(ADMIN.email);
    const browser = alone.visitor();
    await begin(browser, '/hand-off/begin?from=away');
    const token = `v4.public.${'A'.repeat(200)}.${Buffer.from(
      JSON.stringify({ kid: `k4.pid.${'A'.repeat(44)}` }),
    ).toString('base64url')}`;
    const refused = await browser.get(`/hand-off/accept/${token}`, { Accept: 'text/html' });
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'provider-unavailable']);
    expect(alone.logged()).toContain('the public keys cannot be read (HAND_OFF_FROM)');
  });
});

describe('the receiver’s ledger', () => {
  it('that is away lets nobody begin and nobody in, and costs no claim', async () => {
    let isAway = false;
    const wrapLedger = (ledger: Ledger): Ledger => ({
      ...ledger,
      fence: (nonce) => (isAway ? away() : ledger.fence(nonce)),
      burn: (request) => (isAway ? away() : ledger.burn(request)),
    });
    const on = toStop(await startTwoServers({ shared: true, receiver: { wrapLedger } }));
    const there = await on.sender.signedIn();
    const browser = on.receiver.visitor();
    const path = await press(there, await begin(browser));
    isAway = true;
    expect(await accept(browser, path)).toBe('ledger-unavailable');
    const begun = await on.receiver.visitor().get('/hand-off/begin?from=main-site');
    expect([begun.status, begun.headers.getSetCookie()]).toEqual([503, []]);
    isAway = false;
    expect(await accept(browser, path)).toBe('in');
  });
});

it('is no part of a server that is not told of any other', async () => {
  const alone = toStop(await startTestAppServer({ databaseUrl: await createDatabase() }));
  const admin = await alone.signedIn();
  const query = new URLSearchParams({
    to: APP_ORIGIN,
    state: `${'A'.repeat(42)}A`,
    fence: 'f',
  }).toString();
  expect((await admin.get(`/hand-off?${query}`)).status).toBe(403);
  expect((await alone.visitor().get('/hand-off/begin?from=a')).status).toBe(403);
  expect(await (await alone.visitor().get('/sign-in')).text()).not.toContain('Sign in with');
});

async function away(): Promise<never> {
  throw new LedgerUnavailableError('switched off by the test');
}
