// Signing in with a second factor, over HTTP with a clock that the test turns: what the first factor alone
// gives (nothing), what a code gives, once, and what wrong ones cost, and whom.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as Postgres } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  isIn,
  PASSWORD,
  problemOf,
  setUpApp,
  startFactorApp,
  STEP_MS,
  type FactorApp,
} from './with-factors.js';

const PENDING = '__Host-claimcheck-pending';
const SESSION = '__Host-claimcheck';
const MINUTE_MS = 60_000;
const html = { Accept: 'text/html' };

let app: FactorApp;
beforeAll(async () => {
  app = await startFactorApp();
});
afterAll(() => app.stop());

async function withPostgres<T>(use: (client: Postgres) => Promise<T>): Promise<T> {
  const client = new Postgres({ connectionString: app.databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** What was written down about an account, by name: a test's clock may stand still. */
async function auditOf(accountId: string): Promise<string[]> {
  return await withPostgres(async (client) => {
    const { rows } = await client.query<{ action: string }>(
      `select action from audit_entry where account_id = $1 and action not like 'session.%' order by action`,
      [accountId],
    );
    return rows.map(({ action }) => action);
  });
}

describe('the first factor of an account that has a second', () => {
  test('gives no session by password: 202 with what can be given, and a cookie that opens nothing', async () => {
    const who = await app.somebodyWithApp();
    const { client, answer } = await app.begin(who);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({
      factors: ['totp', 'recovery-code'],
      expiresAt: new Date(app.clock.nowMs + 10 * MINUTE_MS).toISOString(),
    });
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(PENDING));
    expect(cookie).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    expect([...client.cookies.keys()]).toEqual([PENDING]);
    expect(await isIn(client)).toBe(false);
    expect((await client.get('/api/files')).status).toBe(401);
    // Not even when it is put where a session's id belongs.
    client.cookies.set(SESSION, client.cookies.get(PENDING) ?? '');
    expect(await isIn(client)).toBe(false);
  });

  test('gives none by mailed link', async () => {
    const who = await app.somebodyWithApp();
    const path = await app.askFor('sign-in-links', who.email);
    const client = app.visitor();
    const pressed = await client.form(path);
    expect(pressed.headers.get('Location')).toBe('/sign-in/second-factor');
    expect([...client.cookies.keys()]).toEqual([PENDING]);
    expect((await app.give(client, who.nextCode())).status).toBe(204);
    expect(await isIn(client)).toBe(true);
  });

  test('is not enough after a password reset either, which leaves the second factor as it is', async () => {
    const who = await app.somebodyWithApp();
    const path = await app.askFor('password-resets', who.email);
    const password = 'quite another password';
    expect((await app.visitor().form(path, { password })).status).toBe(303);
    const { client, answer } = await app.begin({ ...who, password });
    expect(answer.status).toBe(202);
    expect((await app.give(client, who.nextCode())).status).toBe(204);
  });

  test('gives a session at once where there is no second', async () => {
    const who = await app.somebody();
    const { client, answer } = await app.begin(who);
    expect(answer.status).toBe(204);
    expect(await isIn(client)).toBe(true);
  });

  test('is not told from a wrong one of an account without a second', async () => {
    const who = await app.somebodyWithApp();
    const { answer } = await app.begin({ ...who, password: 'not the password' });
    expect(answer.status).toBe(401);
    expect(await problemOf(answer)).toBe('wrong-credentials');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('the code of an authenticator app', () => {
  test('signs in, and ends the wait', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const pending = client.cookies.get(PENDING) ?? '';
    expect((await app.give(client, who.nextCode())).status).toBe(204);
    expect(await isIn(client)).toBe(true);
    expect(client.cookies.has(PENDING)).toBe(false);
    const again = app.visitor();
    again.cookies.set(PENDING, pending);
    const replayed = await app.give(again, who.nextCode());
    expect(await problemOf(replayed)).toBe('sign-in-expired');
  });

  test('counts once: the same again is refused, also in another sign-in', async () => {
    const who = await app.somebodyWithApp();
    const first = await app.begin(who);
    const second = await app.begin(who);
    const code = who.nextCode();
    expect((await app.give(first.client, code)).status).toBe(204);
    const replayed = await app.give(second.client, code);
    expect(replayed.status).toBe(401);
    expect(await problemOf(replayed)).toBe('wrong-second-factor');
  });

  test('does not count again when it was what set the app up', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    expect((await app.give(client, who.codeAt(0))).status).toBe(401);
    expect((await app.give(client, who.nextCode())).status).toBe(204);
  });

  test('given by ten browsers at once signs in one', async () => {
    const who = await app.somebodyWithApp();
    const begun = await Promise.all(
      Array.from({ length: 10 }, () => app.visitor()).map(
        async (visitor) => (await app.begin(who, visitor)).client,
      ),
    );
    const code = who.nextCode();
    const answers = await Promise.all(begun.map((client) => app.give(client, code)));
    expect(answers.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1);
    const within = await Promise.all(begun.map(isIn));
    expect(within.filter(Boolean)).toHaveLength(1);
  });

  test('given ten times at once in one sign-in begins one session', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const code = who.nextCode();
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.give(client, code)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  });

  test('counts when the phone’s clock is one step off, not two; and never one older than the last', async () => {
    const who = await app.somebodyWithApp();
    app.clock.nowMs += 5 * STEP_MS;
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 204],
      [1, 204],
      [0, 401],
    ] as const) {
      const { client } = await app.begin(who);
      expect({ steps, status: (await app.give(client, who.codeAt(steps))).status }).toEqual({
        steps,
        status,
      });
    }
  });

  test('is taken with the space that apps show in it', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const code = who.nextCode();
    expect((await app.give(client, `${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(204);
  });

  test('of another account is none', async () => {
    const [one, other] = [await app.somebodyWithApp(), await app.somebodyWithApp()];
    const { client } = await app.begin(one);
    expect((await app.give(client, other.nextCode())).status).toBe(401);
  });
});

describe('the wait for the second factor', () => {
  test('ends after ten minutes, and says so', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    app.clock.nowMs += 10 * MINUTE_MS - STEP_MS - 1;
    const late = await app.begin(who);
    app.clock.nowMs += STEP_MS;
    expect((await client.get('/api/session/second-factor')).status).toBe(200);
    app.clock.nowMs += 1;
    const answer = await app.give(client, who.codeAt(0));
    expect(answer.status).toBe(401);
    expect(await problemOf(answer)).toBe('sign-in-expired');
    const page = await client.get('/sign-in/second-factor?next=%2Fclaims', html);
    expect(page.status).toBe(401);
    const text = await page.text();
    expect(text).toContain('This sign-in has ended');
    expect(text).toContain('name="next" value="/claims"');
    // The code was not used up by it.
    expect((await app.give(late.client, who.codeAt(0))).status).toBe(204);
  });

  test('ends with a changed password and with a disabled account', async () => {
    const who = await app.somebodyWithApp();
    const [first, second] = [await app.begin(who), await app.begin(who)];
    const newPassword = 'quite another password';
    const changed = await who.client.json('PUT', '/api/account/password', {
      currentPassword: PASSWORD,
      newPassword,
    });
    expect(changed.status).toBe(204);
    expect(await problemOf(await app.give(first.client, who.nextCode()))).toBe('sign-in-expired');
    const third = await app.begin({ ...who, password: newPassword });
    const admin = await app.signedIn();
    await admin.json('PATCH', `/api/accounts/${who.id}`, { disabled: true });
    for (const { client } of [second, third]) {
      expect(await problemOf(await app.give(client, who.nextCode()))).toBe('sign-in-expired');
    }
  });

  test('without any cookie of it leads to the beginning', async () => {
    const visitor = app.visitor();
    const page = await visitor.get('/sign-in/second-factor?next=%2Fclaims', html);
    expect(page.headers.get('Location')).toBe('/sign-in?next=%2Fclaims');
    const answer = await app.give(visitor, '000000');
    expect(await problemOf(answer)).toBe('sign-in-expired');
  });

  test('carries on to the page that was wanted, and only to one of ours', async () => {
    const who = await app.somebodyWithApp();
    const client = app.visitor();
    const { email, password } = who;
    const first = await client.form('/sign-in', { email, password, next: '/claims?after=1.a' });
    const step = first.headers.get('Location') ?? '';
    expect(step).toBe('/sign-in/second-factor?next=%2Fclaims%3Fafter%3D1.a');
    expect(await (await client.get(step, html)).text()).toContain(
      'name="next" value="/claims?after=1.a"',
    );
    const wrong = await client.form('/sign-in/second-factor', { code: '1', next: '/claims' });
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toContain('That code is not right');
    const right = await client.form('/sign-in/second-factor', {
      code: who.nextCode(),
      next: '//evil.example/',
    });
    expect(right.headers.get('Location')).toBe('/files');
  });

  test('takes no code from a foreign page', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const answer = await client.request('POST', '/api/session/second-factor', {
      body: JSON.stringify({ code: who.nextCode() }),
      headers: { 'Content-Type': 'application/json', Origin: '' },
    });
    expect(await problemOf(answer)).toBe('cross-site');
  });
});

describe('wrong codes', () => {
  test('end the sign-in at the fifth, are written down, and the owner is told, once a day', async () => {
    const who = await app.somebodyWithApp();
    await app.nextMail(who.email);
    for (let round = 0; round < 2; round += 1) {
      const { client } = await app.begin(who);
      for (let i = 0; i < 4; i += 1) {
        expect(await problemOf(await app.give(client, '000000'))).toBe('wrong-second-factor');
      }
      expect(await problemOf(await app.give(client, '000000'))).toBe('sign-in-expired');
      expect(await problemOf(await app.give(client, who.nextCode()))).toBe('sign-in-expired');
    }
    await app.nextMail(who.email, 'Somebody could not give your second factor');
    expect(app.mailServer.mails.filter(({ recipients }) => recipients[0] === who.email)).toEqual(
      [],
    );
    expect(await auditOf(who.id)).toEqual([
      'recovery-codes.made',
      'second-factor.refused',
      'second-factor.refused',
      'totp.added',
    ]);
  });

  test('given by a stranger with the password lock out neither an open session, nor a known browser, nor a recovery code', async () => {
    const who = await app.somebodyWithApp();
    const known = app.visitor();
    await app.begin(who, known);
    expect((await app.give(known, who.nextCode())).status).toBe(204);

    let refusal = '';
    for (let tries = 0; refusal !== 'too-many-attempts'; tries += 1) {
      expect(tries).toBeLessThan(11);
      const { client } = await app.begin(who);
      refusal = await problemOf(await app.give(client, '000000'));
    }
    const stranger = await app.begin(who);
    const right = await app.give(stranger.client, who.nextCode());
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('Retry-After'))).toBeGreaterThan(0);

    expect(await isIn(who.client)).toBe(true);
    await known.request('DELETE', '/api/session');
    await app.begin(who, known);
    expect((await app.give(known, who.nextCode())).status).toBe(204);
    expect((await app.give(stranger.client, who.recoveryCodes[0] ?? '')).status).toBe(204);
  });

  test('given at once are all counted', async () => {
    const who = await app.somebodyWithApp();
    const { client } = await app.begin(who);
    const answers = await Promise.all(Array.from({ length: 9 }, () => app.give(client, '000000')));
    const codes = await Promise.all(answers.map(problemOf));
    expect(codes.filter((code) => code === 'wrong-second-factor')).toHaveLength(4);
    expect(codes.filter((code) => code === 'sign-in-expired')).toHaveLength(5);
  });
});

describe('recovery codes', () => {
  test('are ten of 80 bits, each good once, in capitals or without hyphens too; the owner is told how many are left', async () => {
    const who = await app.somebodyWithApp();
    await app.nextMail(who.email, 'An authenticator app was added');
    expect(new Set(who.recoveryCodes).size).toBe(10);
    for (const code of who.recoveryCodes) expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
    const [first = '', second = ''] = who.recoveryCodes;
    for (const [typed, status] of [
      [first, 204],
      [first, 401],
      [` ${second.toUpperCase().replaceAll('-', '')} `, 204],
      [second, 401],
      ['aaaa-aaaa-aaaa-aaaa', 401],
    ] as const) {
      const { client } = await app.begin(who);
      expect({ typed, status: (await app.give(client, typed)).status }).toEqual({ typed, status });
    }
    const mails = [];
    for (let i = 0; i < 2; i += 1) {
      const { email } = await app.nextMail(who.email, 'A recovery code was used');
      mails.push(email.text ?? '');
      expect(email.text).not.toContain(first);
    }
    const left = mails.map((text) => /\d+ are left/.exec(text)?.[0] ?? '');
    expect(new Set(left)).toEqual(new Set(['8 are left', '9 are left']));
    const state = await (await who.client.get('/api/account/second-factor')).json();
    expect(state).toMatchObject({ recoveryCodesLeft: 8 });
  });

  test('given by ten browsers at once sign in one', async () => {
    const who = await app.somebodyWithApp();
    const begun = await Promise.all(
      Array.from({ length: 10 }, async () => (await app.begin(who)).client),
    );
    const answers = await Promise.all(
      begun.map((client) => app.give(client, who.recoveryCodes[0] ?? '')),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  });

  test('made anew take the place of the old', async () => {
    const who = await app.somebodyWithApp();
    const made = await who.client.json('POST', '/api/account/second-factor/recovery-codes', {});
    expect(made.status).toBe(201);
    const { recoveryCodes } = (await made.json()) as { recoveryCodes: string[] };
    const old = await app.begin(who);
    expect((await app.give(old.client, who.recoveryCodes[0] ?? '')).status).toBe(401);
    expect((await app.give(old.client, recoveryCodes[0] ?? '')).status).toBe(204);
    await app.nextMail(who.email, 'New recovery codes were made');
  });

  test('are shown by the page once, and its file is made of codes alone', async () => {
    const who = await app.somebodyWithApp();
    const page = await who.client.form('/account/second-factor/recovery-codes');
    const [, text = ''] = /<textarea id="codes"[^>]*>([^<]+)</.exec(await page.text()) ?? [];
    expect(text.split('\n')).toHaveLength(10);
    const file = await who.client.form('/account/second-factor/recovery-codes/text', {
      codes: text.replaceAll('\n', '\r\n'),
    });
    expect(file.headers.get('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(file.headers.get('Content-Disposition')).toMatch(/^attachment; filename=/);
    expect(await file.text()).toContain(text);
    const other = await who.client.form('/account/second-factor/recovery-codes/text', {
      codes: 'call 0900 12345 at once',
    });
    expect(other.status).toBe(422);
    const state = await (await who.client.get('/account/second-factor', html)).text();
    expect(state).not.toContain(text.split('\n')[0]);
  });
});

describe('one’s own second factor', () => {
  test('counts from its first code, not from the page that shows it', async () => {
    const who = await app.somebody();
    const client = await app.signedIn(who);
    await client.json('POST', '/api/account/second-factor/totp', {});
    const wrong = await client.json('PUT', '/api/account/second-factor/totp', { code: '000000' });
    expect(await problemOf(wrong)).toBe('wrong-second-factor');
    expect((await app.begin(who)).answer.status).toBe(204);
    app.clock.nowMs += 31 * MINUTE_MS;
    const again = await app.signedIn(who);
    const late = await again.json('PUT', '/api/account/second-factor/totp', { code: '000000' });
    expect(await problemOf(late)).toBe('conflict');
  });

  test('is replaced by another app only once that has shown its code', async () => {
    const who = await app.somebodyWithApp();
    await who.client.json('POST', '/api/account/second-factor/totp', {});
    const before = await app.begin(who);
    expect((await app.give(before.client, who.nextCode())).status).toBe(204);
    const { nextCode, recoveryCodes } = await setUpApp(before.client, app.clock);
    // Those that there were still count.
    expect(recoveryCodes).toEqual([]);
    const after = await app.begin(who);
    expect((await app.give(after.client, who.nextCode())).status).toBe(401);
    expect((await app.give(after.client, nextCode())).status).toBe(204);
    await app.nextMail(who.email, 'Another authenticator app took the place of yours');
  });

  test('removed, the password is enough again, and recovery codes go with it', async () => {
    const who = await app.somebodyWithApp();
    expect((await who.client.form('/account/second-factor/totp/remove')).status).toBe(303);
    await app.nextMail(who.email, 'Your authenticator app was removed');
    expect((await app.begin(who)).answer.status).toBe(204);
    const state = await (await who.client.get('/api/account/second-factor')).json();
    expect(state).toEqual({ required: false, totp: null, passkeys: [], recoveryCodesLeft: 0 });
    expect(await auditOf(who.id)).toEqual(['recovery-codes.made', 'totp.added', 'totp.removed']);
  });

  test.each([
    ['POST', '/api/account/second-factor/totp'],
    ['PUT', '/api/account/second-factor/totp'],
    ['DELETE', '/api/account/second-factor/totp'],
    ['POST', '/api/account/second-factor/recovery-codes'],
    ['POST', '/api/account/passkeys/options'],
    ['POST', '/api/account/passkeys'],
    ['PATCH', '/api/account/passkeys/x'],
    ['DELETE', '/api/account/passkeys/x'],
  ])('is changed by %s %s only after a recent proof', async (method, path) => {
    const client = await app.signedIn(await app.somebody());
    app.clock.nowMs += 10 * MINUTE_MS + 1;
    const answer = await client.json(method, path, {});
    expect(await problemOf(answer)).toBe('proof-needed');
  });

  test('has its secret on no page, in no answer once it counts, and not in the database', async () => {
    const who = await app.somebody();
    const client = await app.signedIn(who);
    const begun = await client.json('POST', '/api/account/second-factor/totp', {});
    const { secret } = (await begun.json()) as { secret: string };
    expect(await (await client.get('/account/second-factor/totp', html)).text()).toContain(secret);
    const { rows } = await withPostgres((db) =>
      db.query<{ text: string }>(
        'select t::text as text from totp_factor t union all select o::text from outbox_mail o union all select a::text from audit_entry a',
      ),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { text } of rows) expect(text).not.toContain(secret);
    expect(app.logged()).not.toContain(secret);
  });
});

describe('for administrators', () => {
  test('the list says who has one; they can take it away from who has lost it, and not their own', async () => {
    const who = await app.somebodyWithApp();
    const admin = await app.signedIn();
    const listed = (await (await admin.get('/api/accounts')).json()) as {
      accounts: { id: string; email: string; secondFactor: boolean }[];
    };
    const find = (id: string) => listed.accounts.find((account) => account.id === id);
    expect(find(who.id)?.secondFactor).toBe(true);
    const self = listed.accounts.find(({ email }) => email === 'admin@example.org');
    expect(self?.secondFactor).toBe(false);
    const page = await (await admin.get('/accounts', html)).text();
    expect(page).toContain(`/accounts/${who.id}/second-factor/remove`);

    const pending = await app.begin(who);
    expect((await admin.form(`/accounts/${who.id}/second-factor/remove`)).status).toBe(303);
    expect(await problemOf(await app.give(pending.client, who.nextCode()))).toBe('sign-in-expired');
    expect((await app.begin(who)).answer.status).toBe(204);
    await app.nextMail(who.email, 'Your second factor was removed by an administrator');
    expect(await auditOf(who.id)).toContain('second-factor.removed');

    const path = (id: string) => `/api/accounts/${id}/second-factor`;
    expect((await admin.request('DELETE', path(who.id))).status).toBe(404);
    expect((await admin.request('DELETE', path(self?.id ?? ''))).status).toBe(409);
    const member = await app.signedIn(await app.somebody());
    expect((await member.request('DELETE', path(who.id))).status).toBe(403);
    app.clock.nowMs += 10 * MINUTE_MS + 1;
    const late = await admin.request('DELETE', path(who.id));
    expect(await problemOf(late)).toBe('proof-needed');
  });
});

describe('the key that secrets are sealed with', () => {
  test('lies in DATA_DIR, and not in the database', async () => {
    const key = await readFile(join(app.config.dataDir, 'keys', 'links.secret'), 'utf8');
    expect(key.trim()).toMatch(/^[0-9a-f]{64}$/);
  });
});
