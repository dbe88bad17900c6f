// Getting in by one's mailbox: what the answers tell (nothing), what looking does (nothing), and what one
// press does, once.
import { Client as Postgres } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { waitFor } from '../support/wait-for.js';
import { startWithMail, type WithMail } from './with-mail.js';

const html = { Accept: 'text/html' };
const PASSWORD = 'the first password';
const NEW_PASSWORD = 'quite another password';

let app: WithMail;
let clockMs = Date.now();
let ledgerAway = false;
beforeAll(async () => {
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...ledger,
    burn: async (request) => {
      if (ledgerAway) throw new LedgerUnavailableError('away');
      return await ledger.burn(request);
    },
  });
  app = await startWithMail({
    now: () => clockMs,
    wrapLedger,
    signInAllowances: { linkRequests: 1000, perAddress: 10_000 },
  });
});
afterAll(() => app.stop());

let counter = 0;
async function somebody(): Promise<{ email: string; password: string; id: string }> {
  counter += 1;
  const email = `somebody${counter}@example.org`;
  const { id } = await app.addAccount(email, PASSWORD);
  return { email, password: PASSWORD, id };
}

async function withPostgres<T>(use: (client: Postgres) => Promise<T>): Promise<T> {
  const client = new Postgres({ connectionString: app.databaseUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

describe('asking for a link', () => {
  test.each(['/api/sign-in-links', '/api/password-resets'])(
    'at %s is answered alike for known, unknown, disabled and impossible addresses',
    async (path) => {
      const known = await somebody();
      const disabled = await somebody();
      const admin = await app.signedIn();
      await admin.json('PATCH', `/api/accounts/${disabled.id}`, { disabled: true });
      const answers = [];
      for (const email of [known.email, 'nobody@example.org', disabled.email, 'no address', '']) {
        const answer = await app.visitor().json('POST', path, { email });
        const headers = [...answer.headers].filter(
          ([name]) => !['date', 'x-request-id'].includes(name),
        );
        answers.push({ status: answer.status, headers, body: await answer.text() });
      }
      expect(answers[0]?.status).toBe(202);
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      // The known one's mail has come; the others' requests were before or right behind it.
      await app.nextMail(known.email);
      await waitFor('all are answered', () =>
        withPostgres(async (client) => {
          const { rows } = await client.query('select 1 from link_request');
          return rows.length === 0;
        }),
      );
      const outbox = (await (await admin.get('/api/outbox?limit=500')).json()) as {
        mails: { to: string }[];
      };
      expect(outbox.mails.map(({ to }) => to)).not.toContain('nobody@example.org');
      expect(outbox.mails.map(({ to }) => to)).not.toContain(disabled.email);
    },
  );

  test('takes no look at accounts, so that its time can tell nothing: it is answered while they are locked', async () => {
    const { email } = await somebody();
    await withPostgres(async (client) => {
      await client.query('begin');
      await client.query('lock table account, identity_link, outbox_mail in access exclusive mode');
      for (const asked of [email, 'nobody@example.org']) {
        expect((await app.visitor().form('/sign-in/forgot', { email: asked })).status).toBe(303);
        expect((await app.visitor().form('/sign-in/email', { email: asked })).status).toBe(303);
      }
      await client.query('rollback');
    });
    await app.nextMail(email, 'Choose a new password');
    await app.nextMail(email, 'Your sign-in link');
  });

  test('over and over fills no mailbox, is still answered alike, and every link that came stays good', async () => {
    const { email } = await somebody();
    const first = await app.askFor('sign-in-links', email);
    for (let i = 0; i < 9; i += 1) {
      expect((await app.visitor().json('POST', '/api/sign-in-links', { email })).status).toBe(202);
    }
    await waitFor('all are answered', () =>
      withPostgres(async (client) => {
        const { rows } = await client.query('select 1 from link_request');
        return rows.length === 0;
      }),
    );
    const made = await withPostgres(async (client) => {
      const { rows } = await client.query<{ count: string }>(
        `select count(*) from identity_link join account on account.id = account_id where email = $1`,
        [email],
      );
      return Number(rows[0]?.count);
    });
    expect(made).toBe(5);
    // Whoever hammers has not locked the owner out.
    expect((await app.visitor().form(first)).status).toBe(303);
    clockMs += 15 * 60_000 + 1;
    app.mailServer.mails.splice(0);
    await app.askFor('sign-in-links', email);
  });

  test('from one address without end is stopped there, alike for all', async () => {
    const small = await startWithMail({ signInAllowances: { linkRequests: 3 } });
    try {
      const ask = async (email: string) =>
        (await small.visitor().json('POST', '/api/password-resets', { email })).status;
      expect([await ask('a@x.org'), await ask('admin@example.org'), await ask('b@x.org')]).toEqual([
        202, 202, 202,
      ]);
      expect([await ask('admin@example.org'), await ask('c@x.org')]).toEqual([429, 429]);
      const page = await small.visitor().form('/sign-in/forgot', { email: 'admin@example.org' });
      expect(page.status).toBe(429);
      expect(page.headers.get('Retry-After')).toMatch(/^\d+$/);
    } finally {
      await small.stop();
    }
  });
});

describe('a mailed link', () => {
  test('has at most 40 characters after the origin, is stored hashed and stands in no log line', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    expect(path.length).toBeLessThanOrEqual(40);
    const handle = path.split('/').at(-1) ?? '';
    await app.visitor().get(path, html);
    await app.visitor().form(path);
    await withPostgres(async (client) => {
      const { rows } = await client.query('select * from identity_link');
      expect(JSON.stringify(rows)).not.toContain(handle);
      // The mail had to hold it until it was sent.
      const mails = await client.query(`select * from outbox_mail where state = 'sent'`);
      expect(JSON.stringify(mails.rows)).not.toContain(handle);
    });
    expect(app.logged()).not.toContain(handle);
    expect(app.logged()).toContain('/i/[handle]');
  });

  test.each(['sign-in-links', 'password-resets'] as const)(
    'of %s is not used up by looking, by whatever method reads',
    async (purpose) => {
      const { email } = await somebody();
      const path = await app.askFor(purpose, email);
      for (let i = 0; i < 3; i += 1) {
        const page = await app.visitor().get(path, html);
        expect(page.status).toBe(200);
        expect(page.headers.getSetCookie()).toEqual([]);
        expect(page.headers.get('Cache-Control')).toBe('no-store');
        expect((await app.visitor().request('HEAD', path)).status).toBe(200);
        await app.visitor().request('OPTIONS', path);
      }
      const pressed = await app.visitor().form(path, { password: NEW_PASSWORD });
      expect(pressed.status).toBe(303);
    },
  );

  test('signs in one of many browsers that press at once, and then says that it was used', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const visitor = app.visitor();
        const { status } = await visitor.form(path);
        return { status, signedIn: (await visitor.get('/api/session')).status === 200 };
      }),
    );
    expect(answers.filter(({ status, signedIn }) => status === 303 && signedIn)).toHaveLength(1);
    expect(answers.filter(({ status, signedIn }) => status === 410 && !signedIn)).toHaveLength(19);
    const again = await app.visitor().get(path, html);
    expect(again.status).toBe(410);
    expect(await again.text()).toContain('Ask for a new one on the sign-in page');
  });

  test('stays used also when the ledger has forgotten its burn', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    expect((await app.visitor().form(path)).status).toBe(303);
    clockMs += 20 * 60_000;
    expect((await app.visitor().form(path)).status).toBe(410);
  });

  test('stays good when the ledger was away at the press', async () => {
    const { email } = await somebody();
    const path = await app.askFor('password-resets', email);
    ledgerAway = true;
    expect((await app.visitor().form(path, { password: NEW_PASSWORD })).status).toBe(503);
    ledgerAway = false;
    await app.signedIn({ email, password: PASSWORD });
    expect((await app.visitor().form(path, { password: NEW_PASSWORD })).status).toBe(303);
  });

  test('expires after an hour', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    clockMs += 60 * 60_000;
    const late = await app.visitor().form(path);
    expect(late.status).toBe(410);
    expect(await late.text()).toContain('good for an hour');
  });

  test('is withdrawn by a changed password and by a disabled account', async () => {
    const one = await somebody();
    const changed = await app.askFor('sign-in-links', one.email);
    const client = await app.signedIn(one);
    const response = await client.json('PUT', '/api/account/password', {
      currentPassword: PASSWORD,
      newPassword: NEW_PASSWORD,
    });
    expect(response.status).toBe(204);
    expect((await app.visitor().form(changed)).status).toBe(410);

    const other = await somebody();
    const disabled = await app.askFor('sign-in-links', other.email);
    const admin = await app.signedIn();
    await admin.json('PATCH', `/api/accounts/${other.id}`, { disabled: true });
    expect((await app.visitor().form(disabled)).status).toBe(410);
  });

  test('that is unknown or cut short is refused as not valid, and signs nobody in', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    for (const wrong of [path.slice(0, -1), `${path}A`, '/i/x', `/i/${'A'.repeat(32)}`]) {
      const visitor = app.visitor();
      expect((await visitor.form(wrong)).status).toBe(403);
      expect((await visitor.get(wrong, html)).status).toBe(403);
      expect(visitor.cookies.size).toBe(0);
    }
  });

  test('is taken from no other site', async () => {
    const { email } = await somebody();
    const path = await app.askFor('sign-in-links', email);
    const foreign = await app.visitor().request('POST', path, {
      headers: { Origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    expect((await app.visitor().form(path)).status).toBe(303);
  });
});

describe('a new password by link', () => {
  test('ends every session, takes the old password away, and tells the owner', async () => {
    const { email } = await somebody();
    const [phone, laptop] = [
      await app.signedIn({ email, password: PASSWORD }),
      await app.signedIn({ email, password: PASSWORD }),
    ];
    const otherLink = await app.askFor('sign-in-links', email);
    const path = await app.askFor('password-resets', email);
    const tooShort = await app.visitor().form(path, { password: 'short' });
    expect(tooShort.status).toBe(422);
    expect(await tooShort.text()).toContain('at least 10 characters');
    expect((await phone.get('/api/session')).status).toBe(200);

    const visitor = app.visitor();
    const pressed = await visitor.form(path, { password: NEW_PASSWORD });
    expect(pressed.headers.get('Location')).toBe('/sign-in?done=password-chosen');
    expect((await visitor.get('/api/session')).status).toBe(401);
    expect((await phone.get('/api/session')).status).toBe(401);
    expect((await laptop.get('/api/session')).status).toBe(401);
    const old = await app.visitor().json('POST', '/api/session', { email, password: PASSWORD });
    expect(old.status).toBe(401);
    await app.signedIn({ email, password: NEW_PASSWORD });
    expect((await app.visitor().form(otherLink)).status).toBe(410);
    const notice = await app.nextMail(email, 'Your password was changed');
    expect(notice.email.text).toContain('If it was not you');
    expect(notice.email.text).not.toMatch(/\/i\//);
  });

  test('of many presses at once is set by one', async () => {
    const { email } = await somebody();
    const path = await app.askFor('password-resets', email);
    const passwords = Array.from({ length: 8 }, (_, i) => `password number ${i}`);
    const statuses = await Promise.all(
      passwords.map(async (password) => (await app.visitor().form(path, { password })).status),
    );
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    const winner = passwords[statuses.indexOf(303)] ?? '';
    await app.signedIn({ email, password: winner });
  });

  test('by the API does the same', async () => {
    const { email } = await somebody();
    const path = await app.askFor('password-resets', email);
    const handle = path.split('/').at(-1);
    const put = async (password: string) =>
      await app.visitor().json('PUT', '/api/account/chosen-password', { handle, password });
    expect((await put('short')).status).toBe(422);
    // A sign-in link's purpose is not this one's, and the other way round.
    expect((await app.visitor().json('POST', '/api/session/handle', { handle })).status).toBe(403);
    expect((await put(NEW_PASSWORD)).status).toBe(204);
    expect((await put('yet another password')).status).toBe(410);
    await app.signedIn({ email, password: NEW_PASSWORD });

    const signIn = (await app.askFor('sign-in-links', email)).split('/').at(-1);
    const client = app.visitor();
    expect((await client.json('POST', '/api/session/handle', { handle: signIn })).status).toBe(204);
    expect((await client.get('/api/session')).status).toBe(200);
  });
});
