// Quotas: what an account may store and how many links it may make, that requests at once cannot exceed
// it together, and that what is refused leaves nothing behind.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig, type AppConfig } from '@claimcheck/app-server';
import type { Client } from '../app/client.js';
import { upload, type UploadedFile } from '../app/files-and-claims.js';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';

const NONE = { bytes: null, files: null, linksPerDay: null };

type Quota = Partial<AppConfig['quota']>;

/** The servers that are running: on PostgreSQL, and on PGlite with defaults for everybody. */
let app: TestAppServer;
let withDefaults: TestAppServer;
let skippedMs = 0;
const DEFAULTS = { bytes: 1000, files: 5, linksPerDay: null };
beforeAll(async () => {
  app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    now: () => Date.now() + skippedMs,
    config: { quota: NONE, maxFileBytes: 5_000_000 },
  });
  withDefaults = await startTestAppServer({ config: { quota: DEFAULTS } });
}, 120_000);
afterAll(async () => {
  await app.stop();
  await withDefaults.stop();
});

/** A new member with a quota of their own. */
async function start(quota: Quota = {}, on = app): Promise<Client> {
  const member = await on.addMember();
  if (Object.keys(quota).length > 0) {
    expect((await setQuota(member, quota, on)).status).toBe(200);
  }
  return member;
}

const put = (client: Client, bytes: number, name = 'a file') =>
  client.request('PUT', `/api/files?name=${encodeURIComponent(name)}`, {
    body: Buffer.alloc(bytes, 'x'),
  });

async function problemOf(response: Response) {
  const { type, detail } = (await response.json()) as { type: string; detail: string };
  return { status: response.status, code: type.split(':').at(-1), detail };
}

/** Everything below FILES_ROOT, also what is not whole yet. */
async function filesOnDisk(on = app): Promise<string[]> {
  const { filesRoot } = on.config;
  const incoming = await readdir(join(filesRoot, '.incoming')).catch(() => []);
  return [...(await readdir(filesRoot)).filter((name) => name !== '.incoming'), ...incoming];
}

const own = async (client: Client) =>
  (await (await client.get('/api/account')).json()) as {
    id: string;
    usage: { bytes: number; files: number; links: number };
    quota: { bytes: number | null; files: number | null; linksPerDay: number | null };
  };

async function setQuota(client: Client, quota: object, on = app): Promise<Response> {
  const { id } = await own(client);
  const admin = await on.signedIn();
  return await admin.json('PATCH', `/api/accounts/${id}`, { quota });
}

describe.each([
  ['PostgreSQL', () => app],
  ['PGlite', () => withDefaults],
])('on %s', (_, server) => {
  test.each([
    ['bytes', { bytes: 7500 }],
    ['files', { files: 7 }],
  ])('of 20 uploads at once exactly those stay that fit, by %s', async (_kind, quota) => {
    const on = server();
    const before = (await filesOnDisk(on)).length;
    const member = await start({ bytes: 1e9, files: 1e6, ...quota }, on);
    const answers = await Promise.all(Array.from({ length: 20 }, () => put(member, 1000)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const one of await Promise.all(refused.map(problemOf))) {
      expect(one).toMatchObject({ status: 413, code: 'quota-exceeded' });
    }
    expect((await own(member)).usage).toEqual({ bytes: 7000, files: 7, links: 0 });
    expect(await filesOnDisk(on)).toHaveLength(before + 7);
  });

  test('of links made at once exactly those are made that the day allows', async () => {
    const member = await start({ linksPerDay: 5 }, server());
    const { id: fileId } = await upload(member, 'shared');
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => member.json('POST', '/api/links', { fileId })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    expect((await own(member)).usage.links).toBe(5);
  });
});

describe('an upload over the quota', () => {
  test('is refused by its stated length before it is read, with how much is left', async () => {
    const member = await start({ bytes: 2000 });
    expect((await put(member, 1500)).status).toBe(201);
    expect(await problemOf(await put(member, 501))).toEqual({
      status: 413,
      code: 'quota-exceeded',
      detail: expect.stringContaining('500\u00a0bytes is left of your storage (500 bytes)'),
    });
    expect((await put(member, 500)).status).toBe(201);
  });

  test('is cut where the quota ends when it states no length, and leaves nothing on disk', async () => {
    const member = await start({ bytes: 100_000 });
    const before = await filesOnDisk();
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 20_000;
        controller.enqueue(Buffer.alloc(20_000));
        if (sent > 2_000_000) controller.close();
      },
    });
    const response = await member.request('PUT', '/api/files?name=endless', { body: endless });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'quota-exceeded' });
    expect((await filesOnDisk()).toSorted()).toEqual(before.toSorted());
    expect((await own(member)).usage.files).toBe(0);
  });

  test('by the form says so beside the files, at the same status', async () => {
    const member = await start({ bytes: 1000 });
    const body = new FormData();
    body.append('file', new Blob([Buffer.alloc(1001)]), 'too much.bin');
    const response = await member.request('POST', '/files', {
      body,
      headers: { Accept: 'text/html' },
    });
    const html = await response.text();
    expect(response.status).toBe(413);
    expect(html).toContain('Your storage is used up.');
    expect(html).toContain('too much.bin');
    expect(html).toMatch(/0 of 1\skB used, 0 files/);
  });

  test('of which the size alone is too large still says that', async () => {
    const member = await start({ bytes: 9_000_000 });
    expect(await problemOf(await put(member, 5_000_001))).toMatchObject({ code: 'too-large' });
  });
});

test('deleting frees what the file took', async () => {
  const member = await start({ bytes: 1000, files: 1 });
  const { id } = (await (await put(member, 1000)).json()) as UploadedFile;
  expect((await put(member, 0)).status).toBe(413);
  expect((await member.request('DELETE', `/api/files/${id}`)).status).toBe(204);
  expect((await put(member, 1000)).status).toBe(201);
});

describe('an account’s own quota', () => {
  test('overrides the default value by value, and null is the default again', async () => {
    const member = await start({}, withDefaults);
    const change = (quota: Quota) => setQuota(member, quota, withDefaults);
    expect((await own(member)).quota).toEqual(DEFAULTS);
    const changed = await change({ bytes: 3000 });
    expect(await changed.json()).toMatchObject({
      quota: { bytes: 3000, files: 5, linksPerDay: null },
      ownQuota: { bytes: 3000, files: null, linksPerDay: null },
    });
    expect((await put(member, 3000)).status).toBe(201);
    // What was not named stays as it was.
    await change({ linksPerDay: 3 });
    expect((await own(member)).quota).toEqual({ bytes: 3000, files: 5, linksPerDay: 3 });
    await change({ bytes: null });
    expect((await own(member)).quota.bytes).toBe(1000);
    // What is stored already stays, and nothing more comes in.
    expect((await own(member)).usage.bytes).toBe(3000);
    expect((await put(member, 1)).status).toBe(413);
  });

  test('is set by the page in MB, empty for the default', async () => {
    const member = await start();
    const { id } = await own(member);
    const admin = await app.signedIn();
    const path = `/accounts/${id}/quota`;
    const set = await admin.form(path, { megabytes: '1.5', files: '', linksPerDay: '0' });
    expect(set.headers.get('Location')).toBe(`/accounts/${id}?done=quota-changed`);
    expect((await own(member)).quota).toEqual({ bytes: 1_500_000, files: null, linksPerDay: 0 });
    const page = await (await admin.get(`/accounts/${id}`, { Accept: 'text/html' })).text();
    expect(page).toContain('name="megabytes" min="0" step="any" value="1.5"');
    const wrong = await admin.form(path, { megabytes: 'much', files: '', linksPerDay: '' });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain('Storage: expected a number, or nothing');
  });

  test.each([{ bytes: -1 }, { files: 1.5 }, { linksPerDay: '5' }, { byte: 1 }, 5])(
    'of %j is refused',
    async (quota) => {
      const member = await start();
      expect((await setQuota(member, quota as object)).status).toBe(422);
    },
  );
});

describe('the links of a day', () => {
  test('count new addresses too, are refused as a whole, and are free again after 24 hours', async () => {
    const member = await start({ linksPerDay: 3 });
    const { id: fileId } = await upload(member, 'shared');
    const make = (to: string[]) => member.json('POST', '/api/links', { fileId, to });
    const first = await make(['a@example.org']);
    const { id } = (await first.json()) as { id: string };
    skippedMs += 60 * 60_000;
    const again = await member.json('POST', `/api/links/${id}/send`, { to: 'b@example.org' });
    expect(again.status).toBe(200);

    const two = await make(['c@example.org', 'd@example.org']);
    // An hour ago the first was made: 23 hours until there are two.
    const seconds = Number(two.headers.get('Retry-After'));
    expect(seconds).toBeLessThanOrEqual(23 * 60 * 60);
    expect(seconds).toBeGreaterThan(23 * 60 * 60 - 60);
    expect(await problemOf(two)).toMatchObject({
      status: 429,
      code: 'links-used-up',
      detail: expect.stringContaining('3 links within 24 hours; 1 are left'),
    });
    const more = await make(['1@example.org', '2@example.org', '3@example.org', '4@example.org']);
    expect([more.status, more.headers.get('Retry-After')]).toEqual([429, null]);
    expect((await make(['c@example.org'])).status).toBe(201);
    const onPage = await member.form('/links', { fileId, to: 'd@example.org' });
    expect(onPage.status).toBe(429);
    expect(await onPage.text()).toContain('You have made as many links as you may within a day.');
    const sendAgain = await member.json('POST', `/api/links/${id}/send`, { to: 'e@example.org' });
    expect(sendAgain.status).toBe(429);

    skippedMs += 23 * 60 * 60_000 + 1;
    expect((await own(member)).usage.links).toBe(2);
    expect((await make(['d@example.org'])).status).toBe(201);
    expect((await make(['e@example.org'])).status).toBe(429);
  });
});

test.each([
  ['QUOTA_BYTES', 'lots'],
  ['QUOTA_FILES', '-1'],
  ['QUOTA_LINKS_PER_DAY', '1.5'],
  ['AUDIT_RETENTION_DAYS', '29'],
])('the setting %s of %s is refused by its name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(`${name} is "${value}"; expected a whole`);
  expect(readConfig({ [name]: '40' })).toMatchObject(
    name === 'AUDIT_RETENTION_DAYS' ? { auditRetentionDays: 40 } : { quota: expect.anything() },
  );
});
