// Passkeys over HTTP, with an authenticator in software that can lie: what is accepted, and each thing that
// must not be.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { APP_ORIGIN } from '../app/start-app-server.js';
import { createSoftAuthenticator, type Faults, type Options } from './soft-authenticator.js';
import {
  isIn,
  problemOf,
  setUpApp,
  startFactorApp,
  type FactorApp,
  type Somebody,
} from './with-factors.js';

const MINUTE_MS = 60_000;
const html = { Accept: 'text/html' };

let app: FactorApp;
beforeAll(async () => {
  app = await startFactorApp();
});
afterAll(() => app.stop());

type Authenticator = ReturnType<typeof createSoftAuthenticator>;

async function optionsFrom(client: Client, path: string): Promise<Options> {
  const answer = await client.json('POST', `/api/${path}/options`, {});
  if (answer.status !== 200) throw new Error(`options gave ${answer.status}`);
  return (await answer.json()) as Options;
}

async function register(
  client: Client,
  { name, faults }: { name?: string; faults?: Faults } = {},
  authenticator = createSoftAuthenticator(APP_ORIGIN),
): Promise<{ authenticator: Authenticator; answer: Response }> {
  const options = await optionsFrom(client, 'account/passkeys');
  const response = authenticator.make(options, faults);
  const answer = await client.json('POST', '/api/account/passkeys', {
    ...(name === undefined ? {} : { name }),
    response,
  });
  return { authenticator, answer };
}

interface WithPasskey extends Somebody {
  client: Client;
  authenticator: Authenticator;
  passkeyId: string;
}

async function somebodyWithPasskey(): Promise<WithPasskey> {
  const who = await app.somebody();
  const client = await app.signedIn(who);
  const { authenticator, answer } = await register(client, { name: 'blue key' });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as { id: string };
  return { ...who, client, authenticator, passkeyId: id };
}

/** A sign-in by passkey, by a browser of its own. */
async function enter(
  authenticator: Authenticator,
  faults: Faults = {},
  client = app.visitor(),
): Promise<{ client: Client; answer: Response }> {
  const options = await optionsFrom(client, 'session/passkey');
  const response = authenticator.answer(options, faults);
  return { client, answer: await client.json('POST', '/api/session/passkey', { response }) };
}

describe('a passkey', () => {
  test('signs in without anything typed, as two factors in one', async () => {
    const who = await somebodyWithPasskey();
    const { client, answer } = await enter(who.authenticator);
    expect(answer.status).toBe(204);
    const session = (await (await client.get('/api/session')).json()) as {
      account: { email: string };
    };
    expect(session.account.email).toBe(who.email);
    const state = await (await client.get('/api/account/second-factor')).json();
    expect(state).toMatchObject({
      passkeys: [{ name: 'blue key', lastUsedAt: new Date(app.clock.nowMs).toISOString() }],
    });
  });

  test('asks for nobody’s name: the options name no passkey, and a verified person', async () => {
    await somebodyWithPasskey();
    const options = await optionsFrom(app.visitor(), 'session/passkey');
    expect(options).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [],
    });
  });

  test('makes the password alone not enough, and is the second factor after it', async () => {
    const who = await somebodyWithPasskey();
    const { client, answer } = await app.begin(who);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ factors: ['passkey'] });
    const options = await optionsFrom(client, 'session/second-factor/passkey');
    const response = who.authenticator.answer(options);
    const given = await client.json('POST', '/api/session/second-factor/passkey', { response });
    expect(given.status).toBe(204);
    expect(await isIn(client)).toBe(true);
  });

  test('of somebody else is no second factor', async () => {
    const [who, other] = [await somebodyWithPasskey(), await somebodyWithPasskey()];
    const { client } = await app.begin(who);
    const options = await optionsFrom(client, 'session/second-factor/passkey');
    const response = other.authenticator.answer(options);
    const given = await client.json('POST', '/api/session/second-factor/passkey', { response });
    expect(await problemOf(given)).toBe('passkey-refused');
    expect(await isIn(client)).toBe(false);
  });

  test('proves anew who is there; then, and only then, it can be deleted, and signs in no more', async () => {
    const who = await somebodyWithPasskey();
    app.clock.nowMs += 10 * MINUTE_MS + 1;
    const path = `/api/account/passkeys/${who.passkeyId}`;
    expect(await problemOf(await who.client.request('DELETE', path))).toBe('proof-needed');
    // Without a code to go with it, the password does not prove it.
    const byPassword = await who.client.json('POST', '/api/session/proof', {
      password: who.password,
    });
    expect(byPassword.status).toBe(422);
    const options = await optionsFrom(who.client, 'session/proof/passkey');
    const response = who.authenticator.answer(options);
    const proof = await who.client.json('POST', '/api/session/proof/passkey', { response });
    expect(proof.status).toBe(204);
    expect((await who.client.request('DELETE', path)).status).toBe(204);
    await app.nextMail(who.email, 'A passkey was removed');
    expect(await problemOf((await enter(who.authenticator)).answer)).toBe('passkey-refused');
    expect((await app.begin(who)).answer.status).toBe(204);
  });

  test('has a name, which its owner alone can change; without one it is the browser’s', async () => {
    const who = await somebodyWithPasskey();
    const path = `/api/account/passkeys/${who.passkeyId}`;
    const renamed = await who.client.json('PATCH', path, { name: '  red key ' });
    expect(await renamed.json()).toMatchObject({ name: 'red key' });
    for (const name of ['', ' ', 'x'.repeat(61), 'two\nlines']) {
      expect((await who.client.json('PATCH', path, { name })).status).toBe(422);
    }
    const other = await somebodyWithPasskey();
    expect((await other.client.json('PATCH', path, { name: 'mine' })).status).toBe(404);
    expect((await other.client.request('DELETE', path)).status).toBe(404);
    const unnamed = await register(who.client);
    const { name } = (await unnamed.answer.json()) as { name: string };
    expect(name.length).toBeGreaterThan(0);
  });

  test('can be one of several; recovery codes go with the last', async () => {
    const who = await somebodyWithPasskey();
    const second = await register(who.client, { name: 'second' });
    await who.client.json('POST', '/api/account/second-factor/recovery-codes', {});
    await who.client.request('DELETE', `/api/account/passkeys/${who.passkeyId}`);
    expect((await enter(second.authenticator)).answer.status).toBe(204);
    const { id } = (await second.answer.json()) as { id: string };
    await who.client.request('DELETE', `/api/account/passkeys/${id}`);
    const state = await (await who.client.get('/api/account/second-factor')).json();
    expect(state).toMatchObject({ passkeys: [], recoveryCodesLeft: 0 });
  });

  test('cannot be added twice, nor a twenty-first', async () => {
    const who = await somebodyWithPasskey();
    const twice = await register(who.client, {}, who.authenticator);
    expect(twice.answer.status).toBe(409);
    for (let i = 0; i < 19; i += 1) expect((await register(who.client)).answer.status).toBe(201);
    expect((await register(who.client)).answer.status).toBe(409);
  });

  test('of a disabled account signs nobody in', async () => {
    const who = await somebodyWithPasskey();
    const admin = await app.signedIn();
    await admin.json('PATCH', `/api/accounts/${who.id}`, { disabled: true });
    const { client, answer } = await enter(who.authenticator);
    expect(await problemOf(answer)).toBe('passkey-refused');
    expect(await isIn(client)).toBe(false);
  });

  test('that an authenticator does not count is not taken for a copy', async () => {
    const who = await somebodyWithPasskey();
    for (let i = 0; i < 3; i += 1) {
      expect((await enter(who.authenticator, { count: 0 })).answer.status).toBe(204);
    }
  });
});

describe('an answer is refused', () => {
  const other = createSoftAuthenticator(APP_ORIGIN);
  const faults: [string, Faults][] = [
    ['from another origin', { origin: 'https://app.examp1e.org' }],
    ['from our host on another port', { origin: 'http://localhost:3999' }],
    ['in a frame of another site', { crossOrigin: true }],
    ['for another RP id', { rpId: 'examp1e.org' }],
    ['without a person verified', { flags: 0x01 }],
    ['without a person present', { flags: 0x04 }],
    ['to a challenge of its own', { challenge: 'A'.repeat(43) }],
    ['that was made for a registration', { type: 'webauthn.create' }],
    ['with another signature', { signature: Buffer.alloc(70, 1) }],
    ['that names another account', { userHandle: Buffer.from('somebody').toString('base64url') }],
  ];
  test.each(faults)('%s', async (_, fault) => {
    const who = await somebodyWithPasskey();
    const { client, answer } = await enter(who.authenticator, fault);
    expect({ status: answer.status, code: await problemOf(answer) }).toEqual({
      status: 401,
      code: 'passkey-refused',
    });
    expect(await isIn(client)).toBe(false);
    // Nothing of it was held against the passkey.
    expect((await enter(who.authenticator)).answer.status).toBe(204);
  });

  test('of a passkey that nobody has', async () => {
    const { answer } = await enter(other);
    expect(await problemOf(answer)).toBe('passkey-refused');
  });

  test('a second time, and of ten at once one is let in', async () => {
    const who = await somebodyWithPasskey();
    const client = app.visitor();
    const options = await optionsFrom(client, 'session/passkey');
    const response = who.authenticator.answer(options);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.json('POST', '/api/session/passkey', { response })),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const again = await client.json('POST', '/api/session/passkey', { response });
    expect(await problemOf(again)).toBe('passkey-refused');
  });

  test('from another browser than the one that asked', async () => {
    const who = await somebodyWithPasskey();
    const [asked, stranger, fresh] = [app.visitor(), app.visitor(), app.visitor()];
    const options = await optionsFrom(asked, 'session/passkey');
    await optionsFrom(stranger, 'session/passkey');
    const response = who.authenticator.answer(options);
    for (const client of [stranger, fresh]) {
      const answer = await client.json('POST', '/api/session/passkey', { response });
      expect(await problemOf(answer)).toBe('passkey-refused');
    }
    const own = await asked.json('POST', '/api/session/passkey', { response });
    expect(own.status).toBe(204);
  });

  test('after ten minutes', async () => {
    const who = await somebodyWithPasskey();
    const client = app.visitor();
    const options = await optionsFrom(client, 'session/passkey');
    app.clock.nowMs += 10 * MINUTE_MS;
    const response = who.authenticator.answer(options);
    const answer = await client.json('POST', '/api/session/passkey', { response });
    expect(await problemOf(answer)).toBe('passkey-refused');
  });

  test('that was asked for another purpose', async () => {
    const who = await somebodyWithPasskey();
    const options = await optionsFrom(who.client, 'session/proof/passkey');
    const response = who.authenticator.answer(options);
    const client = app.visitor();
    await optionsFrom(client, 'session/passkey');
    const answer = await client.json('POST', '/api/session/passkey', { response });
    expect(await problemOf(answer)).toBe('passkey-refused');
  });

  test('with a count that has not grown, and the owner is told of a possible copy', async () => {
    const who = await somebodyWithPasskey();
    expect((await enter(who.authenticator, { count: 7 })).answer.status).toBe(204);
    for (const count of [7, 6, 0]) {
      const { answer } = await enter(who.authenticator, { count });
      expect({ count, code: await problemOf(answer) }).toEqual({ count, code: 'passkey-refused' });
    }
    const mail = await app.nextMail(who.email, 'One of your passkeys may have been copied');
    expect(mail.email.text).toContain('blue key');
    expect((await enter(who.authenticator, { count: 8 })).answer.status).toBe(204);
  });

  test.each([
    ['no object', 7],
    ['an empty one', {}],
    [
      'one with other than base64url',
      { id: '***', rawId: '***', type: 'public-key', response: {} },
    ],
  ])('that is %s, as bad input', async (_, response) => {
    const client = app.visitor();
    await optionsFrom(client, 'session/passkey');
    const answer = await client.json('POST', '/api/session/passkey', { response });
    expect(answer.status).toBe(422);
  });
});

describe('a new passkey is refused', () => {
  test.each<[string, Faults]>([
    ['from another origin', { origin: 'https://app.examp1e.org' }],
    ['for another RP id', { rpId: 'examp1e.org' }],
    ['without a person verified', { flags: 0x41 }],
    ['to a challenge of its own', { challenge: 'A'.repeat(43) }],
  ])('%s', async (_, faults) => {
    const client = await app.signedIn(await app.somebody());
    const { answer } = await register(client, { faults });
    expect(await problemOf(answer)).toBe('passkey-refused');
    const state = await (await client.get('/api/account/second-factor')).json();
    expect(state).toMatchObject({ passkeys: [] });
  });

  test('in another session than the one that asked', async () => {
    const who = await app.somebody();
    const [asked, other] = [await app.signedIn(who), await app.signedIn(who)];
    const options = await optionsFrom(asked, 'account/passkeys');
    const response = createSoftAuthenticator(APP_ORIGIN).make(options);
    const answer = await other.json('POST', '/api/account/passkeys', { response });
    expect(await problemOf(answer)).toBe('passkey-refused');
  });
});

describe('asking for passkeys', () => {
  test('is limited by address, since nobody is signed in', async () => {
    const limited = await startFactorApp({ signInAllowances: { passkeyRequests: 3 } });
    try {
      const statuses = [];
      for (let i = 0; i < 4; i += 1) {
        const asked = await limited.visitor().json('POST', '/api/session/passkey/options', {});
        statuses.push(asked.status);
      }
      expect(statuses).toEqual([200, 200, 200, 429]);
    } finally {
      await limited.stop();
    }
  });
});

describe('where a second factor is required', () => {
  test('of all, who has none is led to set one up, may do nothing else, and then goes on', async () => {
    const strict = await startFactorApp({ config: { requireSecondFactor: 'all' } });
    try {
      const admin = await strict.signedIn();
      const refused = await admin.get('/api/files');
      expect({ status: refused.status, code: await problemOf(refused) }).toEqual({
        status: 403,
        code: 'second-factor-required',
      });
      const page = await admin.get('/files', html);
      expect(page.headers.get('Location')).toMatch(/^\/account\/second-factor\?/);
      expect((await admin.get('/account/second-factor', html)).status).toBe(200);
      expect((await admin.get('/api/session')).status).toBe(200);
      expect(await (await admin.get('/api/account/second-factor')).json()).toMatchObject({
        required: true,
      });
      for (const path of ['/api/accounts', '/api/claims', '/api/webhooks', '/api/links']) {
        expect((await admin.get(path)).status).toBe(403);
      }
      await setUpApp(admin, strict.clock);
      expect((await admin.get('/api/files')).status).toBe(200);
      expect((await admin.get('/api/accounts')).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });

  test('of administrators, members go on without', async () => {
    const strict = await startFactorApp({ config: { requireSecondFactor: 'admins' } });
    try {
      const admin = await strict.signedIn();
      expect((await admin.get('/api/files')).status).toBe(403);
      await setUpApp(admin, strict.clock);
      const password = 'a password for a member';
      const added = await admin.json('POST', '/api/accounts', {
        email: 'member@example.org',
        password,
        role: 'member',
      });
      expect(added.status).toBe(201);
      const member = await strict.signedIn({ email: 'member@example.org', password });
      expect((await member.get('/api/files')).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });
});

describe('proving anew', () => {
  test('takes a code beside the password where there is a second factor, and for a changed password too', async () => {
    const who = await app.somebodyWithApp();
    app.clock.nowMs += 10 * MINUTE_MS + 1;
    const remove = () => who.client.request('DELETE', '/api/account/second-factor/totp');
    const prove = (body: object) => who.client.json('POST', '/api/session/proof', body);
    const { password } = who;
    expect((await prove({ password })).status).toBe(422);
    expect(await problemOf(await prove({ password, code: '000000' }))).toBe('wrong-second-factor');
    const changed = await who.client.json('PUT', '/api/account/password', {
      currentPassword: password,
      newPassword: 'quite another password',
    });
    expect(await problemOf(changed)).toBe('proof-needed');
    expect(await problemOf(await remove())).toBe('proof-needed');
    const page = await (await who.client.get('/confirm-identity', html)).text();
    expect(page).toContain('name="code"');
    expect((await prove({ password, code: who.nextCode() })).status).toBe(204);
    expect((await remove()).status).toBe(204);
  });

  test('is limited by session: ten wrong codes in one say nothing against another', async () => {
    const who = await app.somebodyWithApp();
    const { client: other } = await app.begin(who);
    expect((await app.give(other, who.nextCode())).status).toBe(204);
    const prove = (client: Client, code: string) =>
      client.json('POST', '/api/session/proof', { password: who.password, code });
    for (let i = 0; i < 10; i += 1) {
      expect((await prove(other, '000000')).status).toBe(401);
    }
    expect((await prove(other, who.nextCode())).status).toBe(429);
    expect((await prove(who.client, who.nextCode())).status).toBe(204);
  });
});
