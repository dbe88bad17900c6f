// The main job as a person sees it: from signing in to the page that says the link is spent.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  chooseFiles,
  downloadBy,
  rowOf,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from './start-browsing.js';

const MIB = 2 ** 20;

let browsing: Browsing;
beforeAll(async () => {
  browsing = await startBrowsing();
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

describe('a person with a browser', () => {
  it('uploads 50 MiB seeing the bar move, downloads them once, and follows it live', async () => {
    const page = await browsing.openSignedIn();
    const file = await browsing.makeFile('holiday film.mkv', 50 * MIB);

    const seen = await uploadSlowly(page, file);
    expect(seen.values.length).toBeGreaterThanOrEqual(5);
    expect(seen.values).toEqual(seen.values.toSorted((a, b) => a - b));
    expect(new Set(seen.values).size).toBe(seen.values.length);
    expect(seen.words.join('\n')).toMatch(/^\d+\s% · [\d.]+ of 52\.4\sMB · [\d.]+\s[kM]B\/s · /m);

    const row = rowOf(page, file.name);
    await row.getByText('52.4\u00a0MB').waitFor();
    await row.getByText('SHA-256').click();
    expect(await row.locator('code').textContent()).toBe(file.sha256);

    const claims = await page.context().newPage();
    await claims.goto('/claims');
    const told = rowOf(claims, file.name);
    await claims.evaluate(() => Object.assign(window, { neverReloaded: true }));
    const got = await downloadBy(page, () => row.getByRole('button', { name: 'Download' }).click());
    const finishedAt = performance.now();
    expect(got.sha256).toBe(file.sha256);
    expect(got.download.suggestedFilename()).toBe(file.name);
    await told.getByText('downloaded, 52.4\u00a0MB').waitFor({ timeout: 2000 });
    expect(performance.now() - finishedAt).toBeLessThan(2000);

    const again = await page.goto(got.download.url());
    expect(again?.status()).toBe(410);
    await expectUsedPage(page);
    await told.getByText('someone tried again 1×').waitFor({ timeout: 2000 });
    expect(await claims.evaluate(() => 'neverReloaded' in window)).toBe(true);
  });
});

/** Chooses the file on a slow line, and keeps every value and word that the row shows. */
async function uploadSlowly(
  page: Page,
  file: LocalFile,
): Promise<{ values: number[]; words: string[] }> {
  const cdp = await page.context().newCDPSession(page);
  const line = { offline: false, latency: 0, downloadThroughput: -1 };
  await cdp.send('Network.emulateNetworkConditions', { ...line, uploadThroughput: 12 * MIB });
  await page.evaluate(watchUploads);
  await chooseFiles(page, [file]);
  await rowOf(page, file.name).waitFor({ timeout: 30_000 });
  await cdp.send('Network.emulateNetworkConditions', { ...line, uploadThroughput: -1 });
  return await page.evaluate(() => (window as unknown as Watched).watched);
}

interface Watched {
  watched: { values: number[]; words: string[] };
}

/** Runs in the page. */
function watchUploads(): void {
  const watched: Watched['watched'] = { values: [], words: [] };
  Object.assign(window, { watched });
  const look = () => {
    const value = document.querySelector<HTMLProgressElement>('#uploads progress')?.value ?? 0;
    const words = document.querySelector('#uploads .upload-status')?.textContent ?? '';
    if (value > 0 && value !== watched.values.at(-1)) watched.values.push(value);
    if (words !== watched.words.at(-1)) watched.words.push(words);
    requestAnimationFrame(look);
  };
  look();
}

async function expectUsedPage(page: Page): Promise<void> {
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
    'This link has already been used',
  );
  const words = await page.locator('main').innerText();
  expect(words).toContain('It works for one download only');
  expect(words).toContain('ask for a new one');
  expect(words).toContain('already-used');
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.locator('script').count()).toBe(0);
  expect(await page.content()).not.toContain('v4.public');
}
