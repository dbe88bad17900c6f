// The first start: the one-time link, and what the person can do with it. Its claim is burned in the
// same ledger as downloads are.
import { describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { createDatabase } from '../support/postgres.js';
import {
  ADMIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from './start-app-server.js';

async function withNewServer(
  options: StartOptions,
  use: (app: TestAppServer, path: string) => Promise<void>,
): Promise<void> {
  const app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    withoutAdmin: true,
    ...options,
  });
  try {
    await use(app, new URL(app.server.firstSignInLink ?? '').pathname);
  } finally {
    await app.stop();
  }
}

const html = { Accept: 'text/html' };

describe('the first sign-in link', () => {
  test('is not burned by looking at it, however often and by whatever method reads', () =>
    withNewServer({}, async (app, path) => {
      for (let i = 0; i < 3; i += 1) {
        const page = await app.visitor().get(path, html);
        expect(page.status).toBe(200);
        expect(page.headers.getSetCookie()).toEqual([]);
        expect(await page.text()).toContain('method="post"');
        expect((await app.visitor().request('HEAD', path)).status).toBe(200);
        await app.visitor().request('OPTIONS', path);
      }
      expect((await app.visitor().form(path)).status).toBe(303);
    }));

  test('signs in one of many browsers that press its button at once', () =>
    withNewServer({}, async (app, path) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const visitor = app.visitor();
          const response = await visitor.form(path);
          return { status: response.status, cookie: visitor.cookies.get('__Host-claimcheck') };
        }),
      );
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 410)).toHaveLength(19);
      expect(answers.filter(({ cookie }) => cookie !== undefined)).toHaveLength(1);
    }));

  test('says that it was used when its button is pressed again', () =>
    withNewServer({}, async (app, path) => {
      await app.visitor().form(path);
      const again = await app.visitor().form(path);
      expect(again.status).toBe(410);
      expect(await again.text()).toContain('already been used');
      const token = path.split('/').at(-1);
      const byApi = await app.visitor().json('POST', '/api/session/link', { token });
      expect(await byApi.json()).toMatchObject({ type: 'urn:claimcheck:problem:already-used' });
    }));

  test('lets the person do nothing before e-mail and password are chosen', () =>
    withNewServer({}, async (app, path) => {
      const admin = app.visitor();
      expect((await admin.form(path)).headers.get('Location')).toBe('/welcome');
      const before = admin.cookies.get('__Host-claimcheck');
      for (const page of ['/files', '/claims', '/devices', '/account', '/accounts']) {
        expect((await admin.get(page, html)).headers.get('Location')).toBe('/welcome');
      }
      for (const api of ['/api/files', '/api/claims', '/api/sessions', '/api/accounts']) {
        expect((await admin.get(api)).status).toBe(403);
      }
      const tooShort = await admin.form('/welcome', { email: 'a@example.org', password: 'short' });
      expect(tooShort.status).toBe(422);
      expect(await tooShort.text()).toContain('at least 10 characters');

      const chosen = { email: 'Ada@example.org', password: 'a good long one' };
      expect((await admin.form('/welcome', chosen)).headers.get('Location')).toBe('/files');
      expect(admin.cookies.get('__Host-claimcheck')).not.toBe(before);
      expect((await admin.get('/files', html)).status).toBe(200);
      expect((await admin.get('/api/accounts')).status).toBe(200);
      await app.signedIn({ email: 'ada@example.org', password: 'a good long one' });
      expect((await admin.json('PUT', '/api/account/welcome', chosen)).status).toBe(409);
    }));

  test('of another start is withdrawn once the account has a password', () =>
    withNewServer({}, async (app, path) => {
      const other = await startTestAppServer({
        databaseUrl: app.config.databaseUrl ?? '',
        dataDir: app.config.dataDir,
        withoutAdmin: true,
        wrapLedger: () => app.ledger,
      });
      const otherPath = new URL(other.server.firstSignInLink ?? '').pathname;
      await other.server.stop();
      const admin = app.visitor();
      await admin.form(path);
      await admin.form('/welcome', ADMIN);
      const late = await app.visitor().form(otherPath);
      expect(late.status).toBe(410);
      expect(await late.text()).toContain('withdrawn');
    }));

  test('expires after 15 minutes', async () => {
    let clockMs = Date.now();
    await withNewServer({ now: () => clockMs }, async (app, path) => {
      clockMs += 15 * 60_000 + 6000;
      expect((await app.visitor().form(path)).status).toBe(410);
      expect((await app.visitor().get('/api/session')).status).toBe(401);
    });
  });

  test('is refused when altered, and signs nobody in', () =>
    withNewServer({}, async (app, path) => {
      const altered = path.slice(0, 60) + (path[60] === 'A' ? 'B' : 'A') + path.slice(61);
      const visitor = app.visitor();
      const response = await visitor.form(altered);
      expect(response.status).toBe(403);
      expect(visitor.cookies.size).toBe(0);
      expect((await visitor.form('/sign-in/link/nonsense')).status).toBe(403);
    }));

  test('stays good when the ledger was away at the press of the button', async () => {
    let away = false;
    const wrapLedger = (ledger: Ledger): Ledger => ({
      ...ledger,
      burn: async (request) => {
        if (away) throw new LedgerUnavailableError('away');
        return await ledger.burn(request);
      },
    });
    await withNewServer({ wrapLedger }, async (app, path) => {
      away = true;
      expect((await app.visitor().form(path)).status).toBe(503);
      away = false;
      expect((await app.visitor().form(path)).status).toBe(303);
    });
  });

  test('is in no log line', () =>
    withNewServer({}, async (app, path) => {
      await app.visitor().get(path);
      await app.visitor().form(path);
      expect(app.logged()).toContain('/sign-in/link/{cut}');
      expect(app.logged()).not.toContain('v4.public.');
    }));
});

describe('a later start', () => {
  test('makes a new link for the same account, until somebody has a password', async () => {
    const databaseUrl = await createDatabase();
    const admins = new Set<unknown>();
    for (let i = 0; i < 2; i += 1) {
      await withNewServer({ databaseUrl }, async (app, path) => {
        const admin = app.visitor();
        await admin.form(path);
        const { account } = (await (await admin.get('/api/session')).json()) as {
          account: { id: string };
        };
        admins.add(account.id);
        if (i === 1) await admin.form('/welcome', ADMIN);
      });
    }
    expect(admins.size).toBe(1);
    const third = await startTestAppServer({ databaseUrl, withoutAdmin: true });
    expect(third.server.firstSignInLink).toBeUndefined();
    await third.stop();
  });

  test('with ADMIN_EMAIL and ADMIN_PASSWORD completes the account, once', async () => {
    const databaseUrl = await createDatabase();
    await withNewServer({ databaseUrl }, async () => {});
    const second = await startTestAppServer({ databaseUrl });
    expect(second.server.firstSignInLink).toBeUndefined();
    const admin = await second.signedIn();
    const { accounts } = (await (await admin.get('/api/accounts')).json()) as {
      accounts: object[];
    };
    expect(accounts).toHaveLength(1);
    await second.stop();
    const changed = { email: ADMIN.email, password: 'another password' };
    const third = await startTestAppServer({ databaseUrl, config: { firstAdmin: changed } });
    await third.signedIn();
    await third.stop();
  });

  test('of two servers at once makes one administrator', async () => {
    const databaseUrl = await createDatabase();
    const apps = await Promise.all(
      [1, 2].map(() => startTestAppServer({ databaseUrl, withoutAdmin: true })),
    );
    const ids = await Promise.all(
      apps.map(async (app) => {
        const admin = app.visitor();
        await admin.form(new URL(app.server.firstSignInLink ?? '').pathname);
        const { account } = (await (await admin.get('/api/session')).json()) as {
          account: { id: string };
        };
        return account.id;
      }),
    );
    expect(new Set(ids).size).toBe(1);
    await Promise.all(apps.map((app) => app.stop()));
  });
});
