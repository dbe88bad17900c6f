// Quotas, one account and the audit trail as people meet them in Chromium: what the pages say with and
// without script, what the upload list offers, and that the page of one account fits and is accessible.
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Client } from '../app/client.js';
import { readFindings, readLegibility } from '../browser/read-page.js';
import { chooseFiles, rowOf, startBrowsing, type Browsing } from '../browser/start-browsing.js';

const QUOTA_BYTES = 1_000_000;
const MEMBER = 'bo@example.org';

let browsing: Browsing;
let client: Client;
let memberPath: string;
beforeAll(async () => {
  browsing = await startBrowsing({ QUOTA_BYTES: String(QUOTA_BYTES) });
  client = await browsing.system.signIn();
  const added = await client.json('POST', '/api/accounts', {
    email: MEMBER,
    password: 'a password for a member',
    role: 'member',
  });
  const { id } = (await added.json()) as { id: string };
  memberPath = `/accounts/${id}`;
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(() => browsing.stop());

async function deleteFiles(): Promise<void> {
  const { files } = (await (await client.get('/api/files')).json()) as { files: { id: string }[] };
  for (const { id } of files) await client.request('DELETE', `/api/files/${id}`);
}

const uploads = (page: Page, name: string) =>
  page.getByRole('list', { name: 'Uploads' }).getByRole('listitem').filter({ hasText: name });

describe('uploading with a quota', () => {
  test('says before it sends that there is no room, and takes the file once there is', async () => {
    const page = await browsing.openSignedIn();
    await page.getByText('0 of 1\u00a0MB used, 0 files').waitFor();
    const first = await browsing.makeFile('first.bin', 700_000);
    await chooseFiles(page, [first]);
    await rowOf(page, first.name).waitFor();
    await page.getByText('700 kB of 1\u00a0MB used, 1 file').waitFor();

    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.method()));
    const second = await browsing.makeFile('second.bin', 600_000);
    await chooseFiles(page, [second]);
    const row = uploads(page, second.name);
    await row.getByText('Your storage is used up: 300\u00a0kB is left').waitFor();
    expect(sent).not.toContain('PUT');
    await deleteFiles();
    await row.getByRole('button', { name: 'Try again' }).click();
    await rowOf(page, second.name).waitFor();
    await deleteFiles();
    await page.context().close();
  });

  test('passes on what the server says when two that fit alone do not fit together', async () => {
    const page = await browsing.openSignedIn();
    const files = await Promise.all([
      browsing.makeFile('one.bin', 600_000),
      browsing.makeFile('two.bin', 600_000),
    ]);
    // Both have asked before either was sent.
    const asked: (() => void)[] = [];
    await page.route('**/api/account', async (route) => {
      const response = await route.fetch();
      await new Promise<void>((resolve) => {
        asked.push(resolve);
        if (asked.length === 2) for (const go of asked) go();
      });
      await route.fulfill({ response });
    });
    await chooseFiles(page, files);
    const list = page.getByRole('list', { name: 'Uploads' });
    await list.getByText('Your storage is used up. 400\u00a0kB is left').waitFor();
    await page.getByText('600 kB of 1\u00a0MB used, 1 file').waitFor();
    await page.unroute('**/api/account');
    await deleteFiles();
    await list.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('600 kB of 1\u00a0MB used, 1 file').waitFor();
    await list.getByRole('listitem').waitFor({ state: 'detached' });
    await deleteFiles();
    await page.context().close();
  });

  test('says it on the page without script', async () => {
    const page = await browsing.openSignedIn({ javaScriptEnabled: false });
    const file = await browsing.makeFile('large.bin', QUOTA_BYTES + 1);
    await page.locator('#file').setInputFiles(file.path);
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await page.getByRole('alert').getByText('Your storage is used up.').waitFor();
    await page.getByText('0 of 1\u00a0MB used, 0 files').waitFor();
    await page.context().close();
  });
});

describe('the page of one account', () => {
  test('changes quota and role without script, and shows both in its latest entries', async () => {
    const page = await browsing.openSignedIn({ javaScriptEnabled: false });
    await page.goto('/accounts?q=BO%40');
    await page.getByRole('link', { name: MEMBER }).click();
    await page.getByRole('heading', { name: MEMBER, exact: true }).waitFor();
    await page.getByText('Empty: the default, 1\u00a0MB').waitFor();
    await page.getByLabel('Storage, in MB').fill('2.5');
    await page.getByRole('button', { name: 'Save quota' }).click();
    await page.getByText('Quota saved.').waitFor();
    await page.getByText('0 of 2.5\u00a0MB used, 0 files').waitFor();
    await page.getByRole('combobox', { name: 'Role' }).selectOption('admin');
    await page.getByRole('button', { name: 'Change role' }).click();
    await page.getByText('Role changed. It acts at once.').waitFor();
    for (const words of ['Changed a role', 'Changed a quota', 'Added an account']) {
      await page.getByRole('rowheader').filter({ hasText: words }).waitFor();
    }
    await page.context().close();
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each([
    ['the page of one account', () => memberPath],
    ['the audit trail', () => '/audit'],
    ['one’s own activity', () => '/account/activity'],
  ])('%s fits every width, is legible and accessible', async (_, path) => {
    const page = await browsing.openSignedIn({ colorScheme });
    await page.goto(path());
    await page.getByRole('heading', { level: 1 }).waitFor();
    for (const width of [320, 390, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const content = await page.evaluate(() => document.documentElement.scrollWidth);
      expect({ width, content }).toEqual({ width, content: width });
    }
    const { texts } = await readLegibility(page);
    expect(texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
    expect(await readFindings(page)).toEqual([]);
    await page.context().close();
  });
});

test('the audit trail is narrowed down by its form, and exported as it stands', async () => {
  const page = await browsing.openSignedIn();
  await page.goto('/audit');
  await page.getByLabel('What').selectOption('account.added');
  await page.getByLabel('Account').fill(MEMBER);
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('link', { name: 'Show all' }).waitFor();
  expect(await page.getByRole('rowheader').count()).toBe(1);
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('audit.csv');
  expect(await readFile(await download.path(), 'utf8')).toContain(',account.added,');
  await page.context().close();
});
