// Handing a person over from one app server to another, over HTTP: what it takes, and everything that must
// not do. The servers have nothing in common here: neither database nor ledger nor keys.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient, type Client } from '../app/client.js';
import {
  accept,
  ADMIN,
  begin,
  codeOf,
  locationOf,
  press,
  startTwoServers,
  whoIs,
  type TwoServers,
} from './two-servers.js';

const MEMBER = { email: 'member@example.org', password: 'a password for a member' };

let on: TwoServers;
let nowMs = Date.now();
/** Signed in at the sender, whose account is connected with the receiver's administrator. */
let atSender: Client;
beforeAll(async () => {
  on = await startTwoServers({ now: () => nowMs });
  atSender = await on.sender.signedIn();
  expect(await connect(await on.receiver.signedIn(), atSender)).toBe(
    '/account/identities?done=identity-connected',
  );
});
beforeEach(async () => {
  atSender = await on.sender.signedIn();
});
afterAll(async () => await on.stop());

/** The way from the account page at the receiver. */
async function connect(atReceiver: Client, there: Client): Promise<string> {
  const leaving = await atReceiver.form('/account/identities/peers/main-site');
  const [, href = ''] = /^0; url=(.*)$/.exec(leaving.headers.get('refresh') ?? '') ?? [];
  const path = await press(there, Object.fromEntries(new URL(href).searchParams));
  return locationOf(await atReceiver.get(path));
}

async function addMember(at: TwoServers['sender']): Promise<Client> {
  const admin = await at.signedIn();
  await admin.json('POST', '/api/accounts', { ...MEMBER, role: 'member' });
  return await at.signedIn(MEMBER);
}

describe('a hand-off', () => {
  it('ends with an ordinary session on a clean address, where it was meant to', async () => {
    const browser = on.receiver.visitor();
    const request = await begin(browser, '/hand-off/begin?from=main-site&next=/links?q=1');
    expect(request.to).toBe(on.receiver.origin);
    const asked = await atSender.get(`/hand-off?${new URLSearchParams(request).toString()}`);
    expect(await asked.text()).toContain(`Sign in at <bdi>${new URL(on.receiver.origin).host}`);
    const path = await press(atSender, request);
    expect(path).toMatch(/^\/hand-off\/accept\/v4\.public\./);
    const accepted = await browser.get(path);
    expect([accepted.status, accepted.headers.get('location')]).toEqual([303, '/links?q=1']);
    expect(accepted.headers.get('referrer-policy')).toBe('no-referrer');
    expect(accepted.headers.get('cache-control')).toBe('no-store');
    expect(await whoIs(browser)).toBe(ADMIN.email);
    expect(browser.cookies.has('__Host-claimcheck-hand-off')).toBe(false);
  });

  it('asks who has no session at the sender to sign in there first, and then goes on', async () => {
    const request = await begin(on.receiver.visitor());
    const path = `/hand-off?${new URLSearchParams(request).toString()}`;
    const stranger = on.sender.visitor();
    const sent = await stranger.get(path, { Accept: 'text/html' });
    const next = new URL(locationOf(sent), on.sender.origin).searchParams.get('next');
    expect(next).toBe(path);
    const signedIn = await stranger.form('/sign-in', { ...ADMIN, next: next ?? '' });
    expect(signedIn.headers.get('location')).toBe(path);
  });

  it('proves no more than was proven at the sender: an old proof stays old', async () => {
    const old = await on.sender.signedIn();
    nowMs += 11 * 60_000;
    const browser = on.receiver.visitor();
    expect(await accept(browser, await press(old, await begin(browser)))).toBe('in');
    const dangerous = await browser.form('/account/identities/peers/main-site');
    expect(locationOf(dangerous)).toMatch(/^\/confirm-identity/);
  });

  it('mints a claim of a minute, for the receiver alone, without an e-mail address', async () => {
    const path = await press(atSender, await begin(on.receiver.visitor()));
    const payload = path.split('.')[2] ?? '';
    const claim = JSON.parse(
      Buffer.from(payload, 'base64url').subarray(0, -64).toString(),
    ) as Record<string, string>;
    expect(claim).toMatchObject({
      iss: on.sender.origin,
      aud: on.receiver.origin,
      act: 'hand-off',
      met: 'password',
    });
    expect(Date.parse(claim['exp'] ?? '') - Date.parse(claim['iat'] ?? '')).toBe(60_000);
    expect(JSON.stringify(claim)).not.toContain('@');
  });

  it('leaves no token and no state in any log', async () => {
    const browser = on.receiver.visitor();
    const request = await begin(browser);
    await atSender.get(`/hand-off?${new URLSearchParams(request).toString()}`);
    const path = await press(atSender, request);
    await accept(on.receiver.visitor(), path);
    await accept(browser, path);
    const token = path.slice(path.indexOf('v4.'));
    for (const logged of [on.sender.logged(), on.receiver.logged()]) {
      expect(logged).toContain('/hand-off');
      expect(logged).not.toContain(token.slice(0, 60));
      expect(logged).not.toContain(token.slice(-60));
      expect(logged).not.toContain(request.state);
    }
  });

  it('leaves whoever is signed in at the receiver who they are', async () => {
    const browser = await on.receiver.signedIn();
    const left = await browser.get('/hand-off/begin?from=main-site&next=/links');
    expect(left.headers.get('location')).toBe('/links');
  });
});

describe('a stranger who gets hold of the claim', () => {
  it('has no use of it without the cookie of the browser that began', async () => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    expect(await accept(on.receiver.visitor(), path)).toBe('sign-in-over');
    const thief = on.receiver.visitor();
    await begin(thief);
    expect(await accept(thief, path)).toBe('sign-in-over');
    expect(await whoIs(thief)).toBeUndefined();
    // And has not used it up for its owner.
    expect(await accept(browser, path)).toBe('in');
  });

  it('signs no victim in as themself by their own claim', async () => {
    const attacker = on.receiver.visitor();
    const path = await press(atSender, await begin(attacker));
    const victim = on.receiver.visitor();
    expect(await accept(victim, path)).toBe('sign-in-over');
    await begin(victim);
    expect(await accept(victim, path)).toBe('sign-in-over');
    expect(await whoIs(victim)).toBeUndefined();
  });

  it('cannot begin one for somebody who is signed in at the sender: nothing happens without a press', async () => {
    const request = await begin(on.receiver.visitor());
    const shown = await atSender.get(`/hand-off?${new URLSearchParams(request).toString()}`);
    expect([shown.status, shown.headers.get('location')]).toEqual([200, null]);
    expect(shown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const foreign = await atSender.request('POST', '/hand-off', {
      body: new URLSearchParams(request),
      headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    });
    expect(foreign.status).toBe(403);
  });
});

describe('a claim', () => {
  it('works once, also for the browser it belongs to', async () => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    const cookies = new Map(browser.cookies);
    expect(await accept(browser, path)).toBe('in');
    const again = on.receiver.visitor();
    for (const [name, value] of cookies) again.cookies.set(name, value);
    expect(await accept(again, path)).toBe('sign-in-over');
  });

  it('gives one session to ten requests at once', async () => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    const twins = Array.from({ length: 10 }, () => {
      const twin = on.receiver.visitor();
      for (const [name, value] of browser.cookies) twin.cookies.set(name, value);
      return twin;
    });
    const outcomes = await Promise.all(twins.map((twin) => accept(twin, path)));
    expect(outcomes.filter((outcome) => outcome === 'in')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(
      new Set(['in', ...outcomes.filter((one) => ['already-used', 'sign-in-over'].includes(one))]),
    );
    const who = await Promise.all(twins.map((twin) => whoIs(twin)));
    expect(who.filter((email) => email !== undefined)).toHaveLength(1);
  });

  it('of one state is one claim, however often the button is pressed', async () => {
    const browser = on.receiver.visitor();
    const request = await begin(browser);
    const [one, other] = [await press(atSender, request), await press(atSender, request)];
    const kept = new Map(browser.cookies);
    expect(await accept(browser, one)).toBe('in');
    const again = on.receiver.visitor();
    for (const [name, value] of kept) again.cookies.set(name, value);
    expect(await accept(again, other)).toBe('sign-in-over');
  });

  it.each([
    ['a minute', 66_000, 'expired'],
    ['five minutes, when the attempt is over, too', 300_000, 'sign-in-over'],
  ])('is over after %s', async (_, passMs, code) => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    nowMs += passMs;
    expect(await accept(browser, path)).toBe(code);
    expect(await whoIs(browser)).toBeUndefined();
  });

  it('that was changed in any place is none', async () => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    const at = path.length - 140;
    const changed = path.slice(0, at) + (path[at] === 'A' ? 'B' : 'A') + path.slice(at + 1);
    expect(await accept(browser, changed)).toBe('invalid-claim');
    expect(await accept(browser, path)).toBe('in');
  });

  it('is not burned by HEAD, nor by what is fetched beforehand', async () => {
    const browser = on.receiver.visitor();
    const path = await press(atSender, await begin(browser));
    expect((await browser.request('HEAD', path)).status).toBe(400);
    expect((await browser.get(path, { 'Sec-Purpose': 'prefetch;prerender' })).status).toBe(400);
    expect(await accept(browser, path)).toBe('in');
  });

  it('is not asked for under a fence that the receiver’s ledger does not have', async () => {
    const browser = on.receiver.visitor();
    const request = await begin(browser);
    const path = await press(atSender, { ...request, fence: 'the-senders-own' });
    expect(await accept(browser, path)).toBe('superseded');
    expect(await whoIs(browser)).toBeUndefined();
  });

  it('is not good for a state that was made up', async () => {
    const browser = on.receiver.visitor();
    const { to, fence } = await begin(browser);
    const state = `${'A'.repeat(42)}A`;
    expect(await accept(browser, await press(atSender, { to, fence, state }))).toBe('sign-in-over');
    expect((await atSender.form('/hand-off', { to, fence, state: 'short' })).status).toBe(422);
  });
});

describe('addresses that somebody made up', () => {
  it.each([
    'https://evil.example',
    'http://localhost:1',
    'javascript:alert(1)',
    '//evil.example',
    '',
  ])('lead to no redirect by `to`: %s', async (to) => {
    const { state, fence } = await begin(on.receiver.visitor());
    const request = { to, state, fence };
    const shown = await atSender.get(`/hand-off?${new URLSearchParams(request).toString()}`, {
      Accept: 'text/html',
    });
    expect([shown.status, shown.headers.get('location')]).toEqual([403, null]);
    expect(await codeOf(await atSender.form('/hand-off', request))).toBe('not-a-peer');
  });

  it.each(['.evil.example', '\u0000', '/', '@evil.example'])(
    'are no receiver for looking alike: %s',
    async (suffix) => {
      const { to, state, fence } = await begin(on.receiver.visitor());
      const sent = await atSender.form('/hand-off', { to: to + suffix, state, fence });
      expect(sent.status).toBe(403);
    },
  );

  it.each(['evil', '', 'https://evil.example', 'main-site\u0000'])(
    'lead nowhere by `from`: %s',
    async (from) => {
      const path = `/hand-off/begin?from=${encodeURIComponent(from)}`;
      const begun = await on.receiver.visitor().get(path, { Accept: 'text/html' });
      expect([begun.status, begun.headers.get('location')]).toEqual([403, null]);
    },
  );

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'are not where it ends: %s',
    async (next) => {
      const browser = on.receiver.visitor();
      const path = `/hand-off/begin?from=main-site&next=${encodeURIComponent(next)}`;
      const done = await browser.get(await press(atSender, await begin(browser, path)));
      expect(done.headers.get('location')).toBe('/files');
    },
  );
});

describe('who it is at the receiver', () => {
  it('is nobody until both accounts were connected by their owner, once', async () => {
    const [there, here] = [await addMember(on.sender), await addMember(on.receiver)];
    const before = on.receiver.visitor();
    // The same e-mail address and even the same password are no connection.
    expect(await accept(before, await press(there, await begin(before)))).toBe('no-account');
    expect(await connect(here, there)).toBe('/account/identities?done=identity-connected');
    const after = on.receiver.visitor();
    expect(await accept(after, await press(there, await begin(after)))).toBe('in');
    expect(await whoIs(after)).toBe(MEMBER.email);
  });

  it('is not connected with an account whose owner has left in between', async () => {
    const browser = await on.receiver.signedIn();
    const leaving = await browser.form('/account/identities/peers/main-site');
    const [, href = ''] = /^0; url=(.*)$/.exec(leaving.headers.get('refresh') ?? '') ?? [];
    const path = await press(atSender, Object.fromEntries(new URL(href).searchParams));
    await browser.form('/sign-out');
    expect(await accept(browser, path)).toBe('sign-in-over');
  });

  it('is nobody whose account was disabled in between, and the claim is not burned for it', async () => {
    const admin = await on.receiver.signedIn();
    const guest = { email: 'guest@example.org', password: 'a password for a guest' };
    const added = await admin.json('POST', '/api/accounts', { ...guest, role: 'member' });
    const { id } = (await added.json()) as { id: string };
    const thereAdmin = await on.sender.signedIn();
    await thereAdmin.json('POST', '/api/accounts', { ...guest, role: 'member' });
    const there = await on.sender.signedIn(guest);
    await connect(await on.receiver.signedIn(guest), there);
    const browser = on.receiver.visitor();
    const path = await press(there, await begin(browser));
    await admin.json('PATCH', `/api/accounts/${id}`, { disabled: true });
    expect(await accept(browser, path)).toBe('no-account');
    await admin.json('PATCH', `/api/accounts/${id}`, { disabled: false });
    expect(await accept(browser, path)).toBe('in');
  });
});

it('is refused by a server that was not named as receiver', async () => {
  const browser = on.receiver.visitor();
  const request = await begin(browser);
  const path = await press(atSender, request);
  // The claim names one receiver; at the sender itself, which has none to receive from, it is nothing.
  const other = createClient(on.sender.url, on.sender.origin);
  for (const [name, value] of browser.cookies) other.cookies.set(name, value);
  expect(await accept(other, path)).toBe('sign-in-over');
});
