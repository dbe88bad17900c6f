// Everything but the progress bar works in a browser that runs no script: plain forms, plain links.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  chooseFiles,
  downloadBy,
  rowOf,
  signIn,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from './start-browsing.js';

const run = promisify(execFile);
const NO_SCRIPT = { javaScriptEnabled: false };

let browsing: Browsing;
let page: Page;
beforeAll(async () => {
  browsing = await startBrowsing();
  page = await browsing.openSignedIn(NO_SCRIPT);
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

describe('a browser without script', () => {
  it('uploads several files by the form and says so', async () => {
    const files = await Promise.all([
      browsing.makeFile('first.bin', 300_000),
      browsing.makeFile('zweite – "Fassung".txt', Buffer.from('Größe')),
    ]);
    await upload(page, files);

    expect(await page.locator('.notice').innerText()).toBe('Uploaded.');
    for (const { name, sha256 } of files) {
      const row = rowOf(page, name);
      await row.locator('summary', { hasText: 'SHA-256' }).click();
      expect(await row.locator('code').innerText()).toBe(sha256);
    }
  });

  it('says in place why an upload was refused', async () => {
    await upload(page, [await browsing.makeFile('back\\slash.txt', 10)]);

    expect(await page.getByRole('alert').innerText()).toMatch(
      /^“back\\slash.txt”: slashes are not/,
    );
    expect(await page.title()).toMatch(/^Error: /);
    expect(await rowOf(page, 'slash.txt').count()).toBe(0);
  });

  it('downloads by the button, and finds in the claims what became of it', async () => {
    const file = await browsing.makeFile('to fetch.bin', 200_000);
    await upload(page, [file]);

    const got = await downloadBy(page, () =>
      rowOf(page, file.name).getByRole('button', { name: 'Download' }).click(),
    );

    expect(got.sha256).toBe(file.sha256);
    expect(got.download.suggestedFilename()).toBe(file.name);
    await page.getByRole('link', { name: 'Claims' }).click();
    await reloadUntil(page, () => rowOf(page, file.name).getByText('downloaded, 200\u00a0kB'));
  });

  it('shows a command that fetches the file with the real curl, and again changes nothing', async () => {
    const file = await browsing.makeFile('für & "curl" $HOME.bin', 100_000);
    await upload(page, [file]);
    await rowOf(page, file.name).getByRole('button', { name: 'Copy as curl' }).click();
    const command = await page.getByLabel('With curl').inputValue();

    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-curl-'));
    try {
      await run('sh', ['-c', command], { cwd: folder });
      const [saved = ''] = await readdir(folder);
      expect(await readFile(join(folder, saved))).toEqual(file.content);
      // Older curls end with 22 and name the 416, newer ones take it for what it is.
      const again = await run('sh', ['-c', command], { cwd: folder }).catch(
        (error: unknown) => error,
      );
      expect([0, undefined, 22]).toContain((again as { code?: number }).code);
      expect(await readdir(folder)).toEqual([saved]);
      expect(await readFile(join(folder, saved))).toEqual(file.content);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes back a claim that was not used', async () => {
    const file = await browsing.makeFile('taken back.bin', 1000);
    await upload(page, [file]);
    await rowOf(page, file.name).getByRole('button', { name: 'Copy as curl' }).click();
    const [url = ''] = /http[^"]+/.exec(await page.getByLabel('With curl').inputValue()) ?? [];

    await page.getByRole('link', { name: 'Claims' }).click();
    await rowOf(page, file.name).getByRole('button', { name: 'Revoke' }).click();

    await rowOf(page, file.name).getByText('revoked').waitFor();
    expect((await page.goto(url))?.status()).toBe(410);
    await page.getByRole('heading', { name: 'This link was withdrawn' }).waitFor();
  });

  it('deletes a file only after asking', async () => {
    const file = await browsing.makeFile('to delete.bin', 1000);
    await page.goto('/files');
    const before = await browsing.storedFiles();
    await upload(page, [file]);
    const row = rowOf(page, file.name);
    expect(await row.getByRole('button', { name: 'Delete for good' }).isVisible()).toBe(false);

    await row.locator('summary', { hasText: 'Delete' }).click();
    await row.getByRole('button', { name: 'Delete for good' }).click();

    expect(await page.locator('.notice').innerText()).toContain('Deleted.');
    expect(await rowOf(page, file.name).count()).toBe(0);
    expect(await browsing.storedFiles()).toEqual(before);
  });

  it('shows where one is signed in, and signs out another device', async () => {
    const other = await browsing.openSignedIn({ ...NO_SCRIPT, userAgent: FIREFOX });
    await page.getByRole('link', { name: 'Devices' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Firefox 140 on Windows' });

    await row.getByRole('button', { name: 'End session' }).click();

    expect(await page.locator('.notice').innerText()).toContain('Signed out there.');
    expect(await row.count()).toBe(0);
    await other.goto('/files');
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.context().close();
  });

  it('says when the password is wrong, and keeps the address that was typed', async () => {
    const stranger = await browsing.open(NO_SCRIPT);
    await stranger.goto('/sign-in');
    await stranger.getByLabel('E-mail address').fill('ada@example.org');
    await stranger.getByLabel('Password').fill('not her password');
    await stranger.getByRole('button', { name: 'Sign in' }).click();

    await stranger.getByRole('alert').waitFor();
    expect(await stranger.getByLabel('E-mail address').inputValue()).toBe('ada@example.org');
    expect(await stranger.getByLabel('Password').inputValue()).toBe('');
    await stranger.context().close();
  });

  it('signs out for good: neither a page nor the back button shows the files again', async () => {
    await page.goto('/files');
    await page.getByRole('button', { name: 'Sign out' }).click();

    expect(await page.locator('.notice').innerText()).toBe('Signed out.');
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.locator('.file-name').count()).toBe(0);
    await signIn(page);
  });
});

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

async function upload(on: Page, files: readonly LocalFile[]): Promise<void> {
  await on.goto('/files');
  await chooseFiles(on, files);
  await on.getByRole('button', { name: 'Upload', exact: true }).click();
  await on.getByRole('heading', { name: 'Files', exact: true }).waitFor();
}

/** What a person without live pages does: loads the page again until it says so. */
async function reloadUntil(on: Page, find: () => ReturnType<Page['getByText']>): Promise<void> {
  await expect(
    (async () => {
      for (let attempt = 0; attempt < 50; attempt += 1) {
        if ((await find().count()) > 0) return true;
        await on.reload();
      }
      return await on.locator('main').innerText();
    })(),
  ).resolves.toBe(true);
}
