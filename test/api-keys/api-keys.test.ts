// API keys over HTTP: what a key may do and what none may, how it ends, who hears of it, and where it is never
// found again.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError } from '@claimcheck/shared/ledger';
import { Client as Database } from 'pg';
import { burn, claimOf, mint, upload, type UploadedFile } from '../app/files-and-claims.js';
import type { Client } from '../app/client.js';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { listKeys, makeKey, programWith, refusalOf, SCOPES, type Scope } from './with-keys.js';

const MINUTE_MS = 60_000;

let app: TestAppServer;
let databaseUrl: string;
let clockMs = Date.now();
let member: Client;
let email: string;
let file: UploadedFile;
beforeAll(async () => {
  databaseUrl = await createDatabase();
  app = await startTestAppServer({ databaseUrl, now: () => clockMs, logLevel: 'trace' });
});
beforeEach(async () => {
  clockMs = Date.now();
  email = `keys-${clockMs}@example.org`;
  member = await app.addMember(email);
  file = await upload(member, 'report.txt');
});
afterAll(() => app.stop());

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const database = new Database(databaseUrl);
  await database.connect();
  try {
    return (await database.query<Row>(text, values)).rows;
  } finally {
    await database.end();
  }
}

/** Everything that a key can be for, each with a request that does it. */
const DOINGS: [Scope, string, () => [method: string, path: string, body?: unknown]][] = [
  ['claims:mint', 'mint a claim', () => ['POST', '/api/claims', { fileId: file.id }]],
  ['claims:manage', 'list claims', () => ['GET', '/api/claims']],
  ['claims:manage', 'withdraw a claim', () => ['DELETE', '/api/claims/AAAAAAAAAAAAAAAAAAAAAA']],
  ['links:create', 'make a link', () => ['POST', '/api/links', { fileId: file.id }]],
  ['links:manage', 'list links', () => ['GET', '/api/links']],
  ['links:manage', 'export links', () => ['GET', '/api/links.csv']],
  ['links:manage', 'withdraw links', () => ['DELETE', `/api/links?fileId=${file.id}`]],
  ['links:manage', 'look at a link', () => ['GET', '/api/links/none']],
  ['links:manage', 'change a link', () => ['PATCH', '/api/links/none', { notify: false }]],
  ['links:manage', 'send a link again', () => ['POST', '/api/links/none/send', {}]],
  ['files:read', 'list files', () => ['GET', '/api/files']],
  ['files:write', 'upload a file', () => ['PUT', '/api/files?name=x.txt']],
  ['files:write', 'delete a file', () => ['DELETE', `/api/files/${file.id}`]],
];

describe('a key', () => {
  test.each(DOINGS)(
    'with %s can %s, and with every other scope cannot',
    async (scope, _, doing) => {
      const [method, path, body] = doing();
      const others = SCOPES.filter((each) => each !== scope);
      const without = await programWith(app.url, (await makeKey(member, others)).key)(
        method,
        path,
        body,
      );
      expect(without.headers.get('WWW-Authenticate')).toBe(
        `Bearer realm="claimcheck", error="insufficient_scope", scope="${scope}"`,
      );
      expect(await refusalOf(without)).toBe('403 insufficient-scope');

      const done = await programWith(app.url, (await makeKey(member, [scope])).key)(
        method,
        path,
        body,
      );
      // What it names may not be there; that it was let in is what counts.
      expect([200, 201, 204, 404]).toContain(done.status);
    },
  );

  test('mints a claim for a file of its account, which can be burned once', async () => {
    const { key, id } = await makeKey(member, ['claims:mint']);
    const response = await programWith(app.url, key)('POST', '/api/claims', { fileId: file.id });
    expect(response.status).toBe(201);
    const claim = await claimOf(app, ((await response.json()) as { url: string }).url);
    expect(claim.ses).toBe(`key_${id}`);
    expect(await burn(app.ledger, claim)).toBe('burned');
    expect(await burn(app.ledger, claim)).toBe('already-used');
  });

  test('opens nothing of another account', async () => {
    const other = await app.addMember();
    const theirs = await upload(other, 'theirs.txt');
    const claim = await mint(other, theirs.id);
    const ask = programWith(app.url, (await makeKey(member)).key);
    for (const [method, path, body] of [
      ['POST', '/api/claims', { fileId: theirs.id }],
      ['POST', '/api/links', { fileId: theirs.id }],
      ['DELETE', `/api/files/${theirs.id}`],
      ['DELETE', `/api/claims/${claim.id}`],
    ] as const) {
      expect(await refusalOf(await ask(method, path, body))).toBe('404 not-found');
    }
    const listed = (await (await ask('GET', '/api/files')).json()) as { files: { id: string }[] };
    expect(listed.files.map(({ id }) => id)).toEqual([file.id]);
  });

  test('is refused for accounts, sessions, passwords, webhooks, mails and keys, whatever its scopes', async () => {
    const admin = await app.signedIn();
    const ask = programWith(app.url, (await makeKey(admin)).key);
    for (const [method, path] of [
      ['GET', '/api/session'],
      ['DELETE', '/api/session'],
      ['POST', '/api/session'],
      ['GET', '/api/sessions'],
      ['DELETE', '/api/sessions'],
      ['PUT', '/api/account/password'],
      ['PUT', '/api/account/notices'],
      ['GET', '/api/accounts'],
      ['POST', '/api/accounts'],
      ['POST', '/api/invitations'],
      ['GET', '/api/outbox'],
      ['GET', '/api/webhooks'],
      ['POST', '/api/webhooks'],
      ['GET', '/api/api-keys'],
      ['POST', '/api/api-keys'],
      ['DELETE', '/api/api-keys/x'],
    ] as const) {
      const response = await ask(method, path, method === 'GET' ? undefined : {});
      expect(response.headers.get('WWW-Authenticate')).toBe(
        'Bearer realm="claimcheck", error="insufficient_scope"',
      );
      expect(await refusalOf(response)).toBe('403 insufficient-scope');
    }
  });

  test('on a page is nothing at all: pages are for sessions', async () => {
    const response = await programWith(app.url, (await makeKey(member)).key)('GET', '/files');
    expect([response.status, response.headers.get('Location')]).toEqual([
      303,
      '/sign-in?next=%2Ffiles',
    ]);
  });

  test('needs no Origin, and does not let a session in past the rule against foreign sites', async () => {
    const { key } = await makeKey(member);
    const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const mintIt = { fileId: file.id };
    const program = await programWith(app.url, key)('POST', '/api/claims', mintIt, foreign);
    expect(program.status).toBe(201);

    const body = JSON.stringify(mintIt);
    const type = { 'Content-Type': 'application/json' };
    for (const Authorization of ['Basic dTpw', '']) {
      const response = await member.request('POST', '/api/claims', {
        body,
        headers: { ...foreign, ...type, Authorization },
      });
      expect(await refusalOf(response)).toBe('403 cross-site');
    }
    // On a page no key is looked at, and so none excuses where the request comes from.
    const form = await member.request('POST', '/devices/end-others', {
      headers: { ...foreign, Authorization: `Bearer ${key}` },
    });
    expect(await refusalOf(form)).toBe('403 cross-site');
  });

  test('takes the place of a remembered browser that comes along: it does not come back', async () => {
    const remembered = app.visitor();
    const person = { email, password: 'a password for a member', remember: true };
    await remembered.json('POST', '/api/session', person);
    const cookie = '__Host-claimcheck-remember';
    const secret = remembered.cookies.get(cookie) ?? '';
    expect(secret).not.toBe('');
    remembered.cookies.clear();
    remembered.cookies.set(cookie, secret);
    const { key } = await makeKey(await app.addMember(), ['files:read']);
    for (const [text, status] of [
      [`Bearer ${key}`, 200],
      ['Bearer x', 401],
    ] as const) {
      const headers = { Authorization: text };
      const answer = await remembered.request('GET', '/api/files', { headers });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
      if (status === 200) expect(await answer.json()).toEqual({ files: [] });
    }
    // Without a key it does come back, and its files are its own.
    const back = (await (await remembered.get('/api/files')).json()) as { files: unknown[] };
    expect(back.files).toHaveLength(1);
  });

  test('takes the place of a session that comes along: its cookie is not looked at', async () => {
    const stranger = await app.addMember();
    const { key } = await makeKey(stranger, ['files:read']);
    const withBoth = (path: string, Authorization: string) =>
      member.request('GET', path, { headers: { Authorization } });
    const listed = await withBoth('/api/files', `Bearer ${key}`);
    expect(await listed.json()).toEqual({ files: [] });
    for (const text of [
      'Bearer',
      'bearer ',
      'Bearer x',
      'BEARER  v4.public.x',
      `Bearer ${key} y`,
    ]) {
      expect(await refusalOf(await withBoth('/api/files', text))).toBe('401 invalid-key');
      expect(await refusalOf(await withBoth('/api/session', text))).toBe('401 invalid-key');
    }
  });
});

describe('a key that is not in use', () => {
  test('is refused with a challenge and a code of its own: unknown, cut short, expired, revoked', async () => {
    const wrong = await makeKey(member);
    await query('delete from api_key where id = $1', [wrong.id]);
    const short = await makeKey(member);
    const expiring = await makeKey(member, SCOPES, { expiresInSeconds: 60 });
    const revoked = await makeKey(member);
    expect((await member.request('DELETE', `/api/api-keys/${revoked.id}`)).status).toBe(204);
    clockMs += MINUTE_MS;
    for (const [key, refusal] of [
      [wrong.key, '401 invalid-key'],
      [short.key.slice(0, -1), '401 invalid-key'],
      [expiring.key, '401 key-expired'],
      [revoked.key, '401 key-revoked'],
    ] as const) {
      const response = await programWith(app.url, key)('GET', '/api/files');
      expect(response.headers.get('WWW-Authenticate')).toMatch(
        /^Bearer realm="claimcheck", error="invalid_token", error_description="[^"]+"$/,
      );
      expect(await refusalOf(response)).toBe(refusal);
    }
  });

  test('still works in the millisecond before it expires', async () => {
    const { key, expiresAt } = await makeKey(member, ['files:read'], { expiresInSeconds: 60 });
    const ask = programWith(app.url, key);
    clockMs = Date.parse(expiresAt ?? '') - 1;
    expect((await ask('GET', '/api/files')).status).toBe(200);
    clockMs += 1;
    expect((await ask('GET', '/api/files')).status).toBe(401);
    expect((await listKeys(member))[0]).toMatchObject({ state: 'expired' });
  });

  test('because its account is disabled is refused at the next request, and its claims are dead', async () => {
    const { key } = await makeKey(member);
    const ask = programWith(app.url, key);
    const minted = (await (await ask('POST', '/api/claims', { fileId: file.id })).json()) as {
      url: string;
    };
    const claim = await claimOf(app, minted.url);
    const admin = await app.signedIn();
    const [owner] = await query<{ id: string }>('select id from account where email = $1', [email]);
    await admin.json('PATCH', `/api/accounts/${owner?.id}`, { disabled: true });
    expect(await refusalOf(await ask('GET', '/api/files'))).toBe('401 invalid-key');
    expect(await burn(app.ledger, claim)).toBe('revoked');
    await admin.json('PATCH', `/api/accounts/${owner?.id}`, { disabled: false });
    expect((await ask('GET', '/api/files')).status).toBe(200);
  });

  test('kills every claim that it minted when it is revoked, and no other', async () => {
    const { key, id } = await makeKey(member);
    const byKey = (await (
      await programWith(app.url, key)('POST', '/api/claims', { fileId: file.id })
    ).json()) as { id: string; url: string };
    const bySession = await mint(member, file.id);
    const [keyed, other] = [await claimOf(app, byKey.url), await claimOf(app, bySession.url)];
    expect((await member.request('DELETE', `/api/api-keys/${id}`)).status).toBe(204);
    expect(await burn(app.ledger, keyed)).toBe('revoked');
    expect(await burn(app.ledger, other)).toBe('burned');
    const listed = (await (await member.get('/api/claims')).json()) as {
      claims: { id: string; state: string }[];
    };
    expect(listed.claims.find((claim) => claim.id === byKey.id)?.state).toBe('revoked');
    expect((await member.request('DELETE', `/api/api-keys/${id}`)).status).toBe(204);
  });

  test('while a request of it is in flight mints nothing that could be burned', async () => {
    const { key, id } = await makeKey(member);
    const ask = programWith(app.url, key);
    const minting = Array.from({ length: 20 }, () =>
      ask('POST', '/api/claims', { fileId: file.id }),
    );
    const revoking = member.request('DELETE', `/api/api-keys/${id}`);
    expect((await revoking).status).toBe(204);
    for (const response of await Promise.all(minting)) {
      if (response.status !== 201) {
        expect(response.status).toBe(401);
        continue;
      }
      const claim = await claimOf(app, ((await response.json()) as { url: string }).url);
      expect(await burn(app.ledger, claim)).toBe('revoked');
    }
  });

  test('when the ledger cannot be told stays in use, and revoking says so', async () => {
    let away = false;
    const cut = await startTestAppServer({
      databaseUrl: await createDatabase(),
      wrapLedger: (ledger) => ({
        ...ledger,
        revoke: async (revocation) => {
          if (away) throw new LedgerUnavailableError('it is away');
          return await ledger.revoke(revocation);
        },
      }),
    });
    try {
      const client = await cut.signedIn();
      const { id, key } = await makeKey(client);
      away = true;
      const response = await client.request('DELETE', `/api/api-keys/${id}`);
      expect(await refusalOf(response)).toBe('503 ledger-unavailable');
      expect((await programWith(cut.url, key)('GET', '/api/files')).status).toBe(200);
    } finally {
      away = false;
      await cut.stop();
    }
  });
});

describe('wrong keys', () => {
  test('from one address are soon told to wait, while a right one from there works on', async () => {
    const few = await startTestAppServer({
      databaseUrl: await createDatabase(),
      signInAllowances: { wrongKeys: 5 },
    });
    try {
      const { key } = await makeKey(await few.signedIn());
      const wrong = programWith(few.url, key.slice(0, -1));
      const answers = [];
      for (let i = 0; i < 7; i += 1) answers.push(await wrong('GET', '/api/files'));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
      expect(Number(answers[6]?.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect((await programWith(few.url, key)('GET', '/api/files')).status).toBe(200);
    } finally {
      await few.stop();
    }
  });
});

describe('making a key', () => {
  test('asks for a proof of the last ten minutes; listing and revoking do not', async () => {
    const { id } = await makeKey(member);
    clockMs += 10 * MINUTE_MS + 1;
    const late = await member.json('POST', '/api/api-keys', {
      name: 'late',
      scopes: ['files:read'],
    });
    expect(await refusalOf(late)).toBe('403 proof-needed');
    const form = await member.form('/api-keys', { name: 'late', scopes: 'files:read', days: '' });
    expect(form.status).not.toBe(200);
    expect(await listKeys(member)).toHaveLength(1);
    expect((await member.request('DELETE', `/api/api-keys/${id}`)).status).toBe(204);
  });

  test.each([
    [{}, 'name'],
    [{ name: ' ', scopes: ['files:read'] }, 'name'],
    [{ name: 'x'.repeat(101), scopes: ['files:read'] }, 'name'],
    [{ name: 'a\nb', scopes: ['files:read'] }, 'name'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['accounts'] }, 'scopes'],
    [{ name: 'x', scopes: ['files:read'], expiresInSeconds: 59 }, 'expiresInSeconds'],
    [{ name: 'x', scopes: ['files:read'], expiresInSeconds: 1e9 }, 'expiresInSeconds'],
    [{ name: 'x', scopes: ['files:read'], accountId: 'x' }, 'accountId'],
  ])('from %j is refused, naming %s', async (body, field) => {
    const response = await member.json('POST', '/api/api-keys', body);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { detail: string }).detail).toContain(field);
  });

  test('ends at fifty, also when two ask at once, and a revoked one makes room', async () => {
    for (let i = 0; i < 49; i += 1) await makeKey(member, ['files:read']);
    const wish = { name: 'x', scopes: ['files:read'] };
    const both = await Promise.all([1, 2].map(() => member.json('POST', '/api/api-keys', wish)));
    expect(both.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409']);
    const [first] = await listKeys(member);
    await member.request('DELETE', `/api/api-keys/${first?.id}`);
    expect((await member.json('POST', '/api/api-keys', wish)).status).toBe(201);
  });

  test('tells its owner by mail and is written down, like revoking, and nowhere with the key', async () => {
    const { id, key } = await makeKey(member, ['claims:mint'], { name: 'nightly job' });
    await programWith(app.url, key)('GET', '/api/files');
    await programWith(app.url, `${key}x`)('GET', '/api/files');
    await fetch(`${app.url}/api/files?key=${key}`, { headers: { 'X-Key': key } });
    await member.request('DELETE', `/api/api-keys/${id}`);
    const entries = await query<{ action: string; details: string; address: string }>(
      `select action, details, address from audit_entry where subject = $1 order by created_at, action`,
      [`key:${id}`],
    );
    expect(entries.map(({ action }) => action)).toEqual(['api-key.made', 'api-key.revoked']);
    expect(entries[0]?.details).toContain('nightly job');
    expect(entries[0]?.address).toContain('127.0.0.1');
    const mails = await query<{ recipient: string; subject: string }>(
      `select recipient, subject from outbox_mail where stable_id = $1`,
      [`api-key:${id}`],
    );
    expect(mails).toEqual([{ recipient: email, subject: 'An API key was made for your account' }]);

    const secret = key.slice(4, -6);
    const tables = await query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      expect(JSON.stringify(await query(`select * from "${name}"`))).not.toContain(secret);
    }
    expect(app.logged()).toContain(id);
    expect(app.logged()).not.toContain(secret);
    const outbox = join(app.config.dataDir, 'outbox');
    for (const entry of await readdir(outbox, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // What was delivered meanwhile is taken away again.
      const text = await readFile(join(entry.parentPath, entry.name), 'utf8').catch(() => '');
      expect(text).not.toContain(secret);
    }
  });

  test('shows it once; afterwards the list tells when and from where it was last used', async () => {
    const made = await makeKey(member, ['files:read']);
    expect(await listKeys(member)).toEqual([
      expect.not.objectContaining({ key: expect.anything() }),
    ]);
    expect((await listKeys(member))[0]).toMatchObject({ lastUsedAt: null, lastUsedAddress: null });
    const ask = programWith(app.url, made.key);
    const firstMs = clockMs;
    await ask('GET', '/api/files');
    clockMs += MINUTE_MS - 1;
    await ask('GET', '/api/files');
    expect((await listKeys(member))[0]).toMatchObject({
      lastUsedAt: new Date(firstMs).toISOString(),
      lastUsedAddress: expect.stringContaining('127.0.0.1'),
    });
    clockMs += 1;
    await ask('GET', '/api/files');
    expect((await listKeys(member))[0]?.lastUsedAt).toBe(new Date(clockMs).toISOString());
  });
});

describe('the page', () => {
  test('makes a key by its form, shows it once, lists it and revokes it', async () => {
    const page = await (await member.get('/api-keys')).text();
    expect(page).toContain('action="/api-keys"');
    const form = new URLSearchParams([
      ['name', 'from the page'],
      ['scopes', 'files:read'],
      ['scopes', 'claims:mint'],
      ['days', '30'],
    ]);
    const made = await member.request('POST', '/api-keys', { body: form });
    const key = /cck_[0-9A-Za-z]{49}/.exec(await made.text())?.[0] ?? '';
    expect((await programWith(app.url, key)('GET', '/api/files')).status).toBe(200);
    const [listed] = await listKeys(member);
    expect(listed).toMatchObject({ name: 'from the page', scopes: ['claims:mint', 'files:read'] });
    expect(Date.parse(listed?.expiresAt ?? '')).toBe(clockMs + 30 * 24 * 60 * MINUTE_MS);
    const again = await (await member.get('/api-keys')).text();
    expect(again).toContain('from the page');
    expect(again).not.toContain('cck_');
    const revoked = await member.form(`/api-keys/${listed?.id}/revoke`);
    expect(revoked.headers.get('Location')).toBe('/api-keys?done=api-key-revoked');
    expect(await listKeys(member)).toEqual([]);
  });

  test('says beside the form what is wrong, and keeps the name', async () => {
    const response = await member.form('/api-keys', { name: 'a name', days: '' });
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(html).toContain('It may: choose at least one');
    expect(html).toContain('value="a name"');
  });

  test('offers to confirm first when the last proof is too old', async () => {
    clockMs += 10 * MINUTE_MS + 1;
    const html = await (await member.get('/api-keys')).text();
    expect(html).toContain('href="/confirm-identity?next=%2Fapi-keys"');
    expect(html).not.toContain('action="/api-keys"');
  });
});
