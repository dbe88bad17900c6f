// What a password may be: long, and neither one of those tried first nor made of the words that stand next to
// it. Everywhere a password is chosen, and nowhere else: what was chosen before stays good.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@claimcheck/shared/env';
import { readConfig } from '@claimcheck/app-server';
import { linkIn } from '../mail/start-mail-server.js';
import { startWithMail, type WithMail } from '../identity-links/with-mail.js';
import { samplePages } from '../pages/sample-pages.js';
import { ADMIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';

/** As people write them who were told to use ten characters. */
const COMMON = ['password123', 'Password123', 'QWERTYUIOP', '1234567890', 'ｐａｓｓｗｏｒｄ１２３'];
/** For lena.meyer@example.org at http://localhost:3000. */
const OWN = ['lena.meyer@example.org', 'LenaMeyer2026!', 'claimcheck-2026', 'Example.org 1!'];
const GOOD = ['aaaaaaaaab', 'lena rows to the island', '7205130993', 'ЖЖЖЖЖ żółw 鰻'];

const email = 'lena.meyer@example.org';

describe('a new password', () => {
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer();
  });
  afterAll(() => app.stop());

  const adding = async (password: string) => {
    const admin = await app.signedIn();
    return await admin.json('POST', '/api/accounts', { email, password, role: 'member' });
  };

  test.each(COMMON)('that is tried before all others is refused: %s', async (password) => {
    const refused = await adding(password);
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/password: this password is on the lists/);
  });

  test.each(OWN)('that is made of the words beside it is refused: %s', async (password) => {
    const refused = await adding(password);
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/password: besides the e-mail address/);
  });

  test('is asked the same when one’s own is changed, and the old one stays', async () => {
    const admin = await app.signedIn();
    for (const newPassword of ['password123', 'admin@example.org']) {
      const change = { currentPassword: ADMIN.password, newPassword };
      expect((await admin.json('PUT', '/api/account/password', change)).status).toBe(422);
    }
    await app.signedIn();
  });

  test.each(GOOD)('of any kind of characters is taken: %s', async (password) => {
    const admin = await app.signedIn();
    const own = `${Buffer.from(password).toString('hex').slice(0, 12)}@example.org`;
    const added = await admin.json('POST', '/api/accounts', {
      email: own,
      password,
      role: 'member',
    });
    expect(added.status).toBe(201);
    await app.signedIn({ email: own, password });
  });
});

describe('a password', () => {
  const YEAR_MS = 365 * 24 * 60 * 60_000;
  let nowMs = Date.now();
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer({ now: () => nowMs, signInAllowances: { perAccount: 100 } });
  });
  afterAll(() => app.stop());

  test('is compared as it was typed: case, blanks and the very last character count', async () => {
    const chosen = ` Grüße ${'lang und länger '.repeat(15)}`;
    const admin = await app.signedIn();
    await admin.json('POST', '/api/accounts', { email, password: chosen, role: 'member' });
    const others = [chosen.trim(), chosen.toLowerCase(), chosen.slice(0, -2), `${chosen}x`];
    for (const password of others) {
      const tried = await app.visitor().json('POST', '/api/session', { email, password });
      expect(tried.status).toBe(401);
    }
    // Another keyboard's spelling of the same characters (NFD).
    await app.signedIn({ email, password: chosen.normalize('NFD') });
  });

  test('stays good until it is changed, however old it is', async () => {
    nowMs += 5 * YEAR_MS;
    await app.signedIn();
  });

  test('is typed into fields that hide it, let it be pasted, and tell password stores which it is', () => {
    const fields = Object.values(samplePages('x')).flatMap(
      (page) => page.match(/<input[^>]*(?:type="password"|name="\w*[pP]assword")[^>]*>/g) ?? [],
    );
    expect(fields.length).toBeGreaterThan(4);
    for (const field of fields) {
      expect(field).toContain('type="password"');
      expect(field).toMatch(/autocomplete="(?:current-password|new-password)"/i);
      expect(field).not.toMatch(/ on\w+=| pattern=/);
      expect(Number(/maxlength="(\d+)"/i.exec(field)?.[1] ?? 256)).toBeGreaterThanOrEqual(256);
    }
  });
});

describe('by a mailed link', () => {
  let on: WithMail;
  beforeAll(async () => {
    on = await startWithMail();
  });
  afterAll(() => on.stop());

  test('a bad one is refused and the link stays good', async () => {
    const admin = await on.signedIn();
    await admin.json('POST', '/api/invitations', { email, role: 'member' });
    const url = linkIn(await on.nextMail(email));
    const handle = new URL(url).pathname.slice('/i/'.length);
    const choose = (password: string) =>
      on.visitor().json('PUT', '/api/account/chosen-password', { handle, password });
    expect((await choose('lenameyer1')).status).toBe(422);
    expect((await choose('password123')).status).toBe(422);
    expect((await choose('lena rows to the island')).status).toBe(204);
  });
});

test.each(['password123', 'ada@example.org'])('ADMIN_PASSWORD is held to it: %s', (password) => {
  const env = { ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password };
  expect(() => readConfig(env)).toThrow(ConfigurationError);
  expect(() => readConfig(env)).toThrow(/ADMIN_PASSWORD is refused/);
});
