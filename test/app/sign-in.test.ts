// Signing in: what it answers, what it sets, and how often it may be tried.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressBlock, localPath, normaliseEmail } from '@claimcheck/app-server';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import {
  ADMIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from './start-app-server.js';

async function withApp(
  options: StartOptions,
  use: (app: TestAppServer) => Promise<void>,
): Promise<void> {
  const app = await startTestAppServer({ databaseUrl: await createDatabase(), ...options });
  try {
    await use(app);
  } finally {
    await app.stop();
  }
}

const tryPassword = (client: Client, password: string, email = ADMIN.email) =>
  client.json('POST', '/api/session', { email, password });

describe('signing in', () => {
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer({ databaseUrl: await createDatabase() });
  });
  afterAll(() => app.stop());

  test('sets a __Host- cookie that scripts cannot read and other sites do not send', async () => {
    const response = await tryPassword(app.visitor(), ADMIN.password);
    expect(response.status).toBe(204);
    const [session, device] = response.headers.getSetCookie();
    expect(session).toMatch(
      /^__Host-claimcheck=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(device).toMatch(
      /^__Host-claimcheck-device=[A-Za-z0-9_-]{43}; Max-Age=34560000; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
  });

  test('takes the address in any case and spelling', async () => {
    const response = await tryPassword(app.visitor(), ADMIN.password, '  ADMIN@Example.ORG ');
    expect(response.status).toBe(204);
  });

  test('answers an unknown address and a wrong password alike', async () => {
    const wrong = await tryPassword(app.visitor(), 'not the password');
    const unknown = await tryPassword(app.visitor(), ADMIN.password, 'nobody@example.org');
    const noAddress = await tryPassword(app.visitor(), ADMIN.password, 'nonsense');
    const documents = await Promise.all(
      [wrong, unknown, noAddress].map(async (response) => {
        const { instance, ...rest } = (await response.json()) as Record<string, unknown>;
        return { status: response.status, rest, hasInstance: instance !== undefined };
      }),
    );
    expect(documents[0]?.status).toBe(401);
    expect(documents[1]).toEqual(documents[0]);
    expect(documents[2]).toEqual(documents[0]);
  });

  test('gives a new id each time and ends the session that was presented', async () => {
    const client = await app.signedIn();
    const first = client.cookies.get('__Host-claimcheck') ?? '';
    await tryPassword(client, ADMIN.password);
    expect(client.cookies.get('__Host-claimcheck')).not.toBe(first);
    client.cookies.set('__Host-claimcheck', first);
    expect((await client.get('/api/session')).status).toBe(401);
  });

  test('never takes over an id that the browser brought', async () => {
    const client = app.visitor();
    const planted = 'A'.repeat(43);
    client.cookies.set('__Host-claimcheck', planted);
    client.cookies.set('__Host-claimcheck-device', planted);
    await tryPassword(client, ADMIN.password);
    expect(client.cookies.get('__Host-claimcheck')).not.toBe(planted);
    expect(client.cookies.get('__Host-claimcheck-device')).not.toBe(planted);
  });

  test('on the page goes on to where the person wanted to go, on this server only', async () => {
    const visitor = app.visitor();
    const sent = await visitor.get('/claims?after=1.a');
    expect(sent.status).toBe(303);
    expect(sent.headers.get('Location')).toBe('/sign-in?next=%2Fclaims%3Fafter%3D1.a');
    const local = await visitor.form('/sign-in', { ...ADMIN, next: '/claims?after=1.a' });
    expect([local.status, local.headers.get('Location')]).toEqual([303, '/claims?after=1.a']);
    const foreign = await app.visitor().form('/sign-in', { ...ADMIN, next: '//evil.example' });
    expect(foreign.headers.get('Location')).toBe('/files');
  });

  test('on the page shows the form again with the reason and what was typed', async () => {
    const response = await app
      .visitor()
      .form('/sign-in', { email: ADMIN.email, password: 'wrong' });
    expect(response.status).toBe(401);
    const page = await response.text();
    expect(page).toContain('E-mail or password is wrong');
    expect(page).toContain(ADMIN.email);
    expect(page).not.toContain('value="wrong"');
  });

  test('refuses what is not JSON, not an object, or too long, before any password is hashed', async () => {
    const visitor = app.visitor();
    const send = (body: string, type = 'application/json') =>
      visitor.request('POST', '/api/session', { body, headers: { 'Content-Type': type } });
    expect((await send('{')).status).toBe(422);
    expect((await send('[]')).status).toBe(422);
    expect((await send('email=a', 'text/plain')).status).toBe(415);
    expect((await send(JSON.stringify({ email: 'a', password: 'x'.repeat(70_000) }))).status).toBe(
      413,
    );
    const missing = await send('{"email":"a@example.org"}');
    expect(missing.status).toBe(422);
    expect(((await missing.json()) as { detail: string }).detail).toContain('password:');
  });

  test('keeps passwords and tokens out of the log', async () => {
    await tryPassword(app.visitor(), 'a very secret guess');
    expect(app.logged()).not.toContain('a very secret guess');
    expect(app.logged()).not.toContain(ADMIN.password);
  });
});

describe.each<[string, StartOptions]>([
  ['memory', {}],
  ['Redis', { redisUrl: sharedRedisUrl() }],
])('sign-in limits in %s', (_, options) => {
  test('block an account after its attempts, the right password included, and say for how long', () =>
    withApp({ ...options, signInAllowances: { perAccount: 3 } }, async (app) => {
      const stranger = app.visitor();
      for (let i = 0; i < 3; i += 1) {
        expect((await tryPassword(stranger, `guess number ${i}`)).status).toBe(401);
      }
      const blocked = await tryPassword(stranger, ADMIN.password);
      expect(blocked.status).toBe(429);
      const seconds = Number(blocked.headers.get('Retry-After'));
      expect(seconds).toBeGreaterThan(800);
      expect(seconds).toBeLessThanOrEqual(900);
      const otherAccount = await tryPassword(stranger, 'a password', 'other@example.org');
      expect(otherAccount.status).toBe(401);
    }));

  test('do not lock the owner out where they have signed in before', () =>
    withApp({ ...options, signInAllowances: { perAccount: 3 } }, async (app) => {
      const owner = await app.signedIn();
      owner.cookies.delete('__Host-claimcheck');
      const attacker = app.visitor();
      for (let i = 0; i < 5; i += 1) await tryPassword(attacker, `guess number ${i}`);
      expect((await tryPassword(app.visitor(), ADMIN.password)).status).toBe(429);
      expect((await tryPassword(owner, ADMIN.password)).status).toBe(204);
    }));

  test('limit a known device as well', () =>
    withApp({ ...options, signInAllowances: { perDevice: 2 } }, async (app) => {
      const stolen = await app.signedIn();
      for (let i = 0; i < 2; i += 1) await tryPassword(stolen, `guess number ${i}`);
      expect((await tryPassword(stolen, ADMIN.password)).status).toBe(429);
    }));

  test('give a device no standing for an account it has not signed in to', () =>
    withApp({ ...options, signInAllowances: { perAccount: 2 } }, async (app) => {
      const member = await app.addMember();
      for (let i = 0; i < 2; i += 1) await tryPassword(member, `guess number ${i}`);
      expect((await tryPassword(member, ADMIN.password)).status).toBe(429);
    }));

  test('limit an address across accounts, and count no successful sign-in', () =>
    withApp({ ...options, signInAllowances: { perAddress: 3 } }, async (app) => {
      for (let i = 0; i < 5; i += 1) {
        expect((await tryPassword(app.visitor(), ADMIN.password)).status).toBe(204);
      }
      const visitor = app.visitor();
      for (let i = 0; i < 3; i += 1) {
        expect((await tryPassword(visitor, 'a guess', `a${i}@example.org`)).status).toBe(401);
      }
      expect((await tryPassword(visitor, 'a guess', 'b@example.org')).status).toBe(429);
    }));

  test('let no more through when many try at once', () =>
    withApp({ ...options, signInAllowances: { perAccount: 4 } }, async (app) => {
      const tries = await Promise.all(
        Array.from({ length: 20 }, (__, i) => tryPassword(app.visitor(), `guess number ${i}`)),
      );
      expect(tries.filter(({ status }) => status === 401)).toHaveLength(4);
      expect(tries.filter(({ status }) => status === 429)).toHaveLength(16);
    }));

  test('end by themselves', () =>
    withApp({ ...options, signInAllowances: { perAccount: 1, windowSeconds: 1 } }, async (app) => {
      await tryPassword(app.visitor(), 'a guess');
      await waitFor(
        'the block ends',
        async () => (await tryPassword(app.visitor(), ADMIN.password)).status === 204,
      );
    }));
});

test('nobody is signed in while Redis does not answer, and nobody is signed out by half', async () => {
  const redis = await startRedis();
  try {
    await withApp({ redisUrl: redis.url }, async (app) => {
      const client = await app.signedIn();
      redis.suspend();
      try {
        const refused = await tryPassword(app.visitor(), ADMIN.password);
        expect(refused.status).toBe(503);
        expect(refused.headers.get('Retry-After')).toBe('2');
        expect((await client.request('DELETE', '/api/session')).status).toBe(503);
        expect((await client.get('/readyz')).status).toBe(503);
        expect((await client.get('/livez')).status).toBe(200);
      } finally {
        redis.resume();
      }
      await waitFor(
        'the session is there again',
        async () => (await client.get('/api/session')).status === 200,
      );
      expect(app.logged()).not.toContain(client.cookies.get('__Host-claimcheck'));
    });
  } finally {
    await redis.stop();
  }
});

describe('an address counts', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', 'unknown'],
    ['nonsense', 'unknown'],
  ])('%s as %s', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });
});

describe('a path to go on to', () => {
  test.each(['/files', '/claims?after=1.a', '/a%20b'])('%s is followed', (path) => {
    expect(localPath(path)).toBe(path);
  });
  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/x/..//evil.example',
    '/a\\b',
    'files',
    '',
    undefined,
    ['/files'],
  ])('%j is not', (path) => {
    expect(localPath(path)).toBeUndefined();
  });
});

describe('an e-mail address', () => {
  test.each([
    [' Ada@Example.org\n', 'ada@example.org'],
    ['e\u0301@example.org', 'é@example.org'],
    ['a+b@example.org', 'a+b@example.org'],
    ['名前@例え.jp', '名前@例え.jp'],
  ])('%j is kept as %j', (typed, kept) => {
    expect(normaliseEmail(typed)).toBe(kept);
  });
  test.each([
    '',
    'a',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    'a\u0000@b',
    `${'a'.repeat(250)}@b.org`,
    'a@b\ud800',
  ])('%j is none', (typed) => {
    expect(normaliseEmail(typed)).toBeUndefined();
  });
});
