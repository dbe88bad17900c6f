// Every page at a phone's width and a desktop's, light and dark, with data as people have it: nothing
// runs off the side, every text can be read, and the keyboard reaches everything.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { furnish } from './furnish.js';
import { readLegibility, readTabStops, walkByTab } from './read-page.js';
import { rowOf, startBrowsing, type Browsing } from './start-browsing.js';

const WIDTHS = [320, 360, 768, 1280] as const;
const SIGNED_IN = [
  '/files',
  '/claims',
  '/devices',
  '/account',
  '/accounts',
  '/audit',
  '/account/activity',
  '/outbox',
  '/webhooks',
  '/api-keys',
  '/api',
  '/nothing-here',
];
const SIGNED_OUT = [
  '/sign-in',
  '/sign-in/forgot',
  '/sign-in/email',
  '/sign-in/link/anything',
  '/i/anything',
  '/nothing-here',
];
/** WCAG 2.2, success criterion 1.4.3. */
const LEAST_CONTRAST = 4.5;

let browsing: Browsing;
let endRunning: () => Promise<void>;
let signedIn: Page;
let signedOut: Page;
beforeAll(async () => {
  browsing = await startBrowsing();
  endRunning = await furnish(browsing.system);
  signedIn = await browsing.openSignedIn();
  signedOut = await browsing.open();
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => {
  await endRunning();
  await browsing.stop();
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each(SIGNED_IN)('%s fits every width and is legible', async (path) => {
    await signedIn.emulateMedia({ colorScheme });
    await signedIn.goto(path);
    await expectFits(signedIn, colorScheme);
  });

  it.each(SIGNED_OUT)('%s fits every width and is legible, before signing in', async (path) => {
    await signedOut.emulateMedia({ colorScheme });
    await signedOut.goto(path);
    await expectFits(signedOut, colorScheme);
  });

  it('an error and an open question fit and are legible', async () => {
    await signedIn.emulateMedia({ colorScheme });
    await signedIn.goto('/files');
    const row = rowOf(signedIn, 'nobreak');
    await row.locator('summary', { hasText: 'SHA-256' }).click();
    await row.locator('summary', { hasText: 'Delete' }).click();
    await expectFits(signedIn, colorScheme);

    await signedOut.emulateMedia({ colorScheme });
    await signedOut.goto('/sign-in');
    await signedOut.getByLabel('E-mail address').fill('nobody@example.org');
    await signedOut.getByLabel('Password').fill('not a password');
    await signedOut.getByRole('button', { name: 'Sign in' }).click();
    await signedOut.getByRole('alert').waitFor();
    await expectFits(signedOut, colorScheme);
  });

  it('the command page and the page of a spent link fit and are legible', async () => {
    const page = await browsing.openSignedIn({ javaScriptEnabled: false, colorScheme });
    await rowOf(page, 'nobreak').getByRole('button', { name: 'Copy as curl' }).click();
    await expectFits(page, colorScheme);
    const [url = ''] = /http[^"]+/.exec(await page.getByLabel('With curl').inputValue()) ?? [];

    for (let status = 200; status === 200;) {
      const response = await fetch(url);
      await response.arrayBuffer();
      ({ status } = response);
    }
    await page.goto(url);
    await expectFits(page, colorScheme);
    await page.context().close();
  });
});

describe('by keyboard alone', () => {
  it('reaches everything on the sign-in page, in order, and shows where one is', async () => {
    await signedOut.goto('/sign-in');
    await expectReachable(signedOut, 5);
  });

  it('reaches everything on the files page, in order, and shows where one is', async () => {
    await signedIn.setViewportSize({ width: 1280, height: 800 });
    await signedIn.goto('/files');
    await expectReachable(signedIn, 30);
  });

  it('signs in, opens a question and closes it again', async () => {
    const page = await browsing.open();
    await page.goto('/sign-in');
    await page.keyboard.type('ada@example.org');
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();
    // The heading can be seen before the script runs that Escape needs.
    await page.waitForLoadState('load');

    const row = rowOf(page, 'Invoice 4711.pdf');
    const question = row.locator('summary', { hasText: 'Delete' });
    await question.focus();
    await page.keyboard.press('Enter');
    const answer = row.getByRole('button', { name: 'Delete for good' });
    await answer.waitFor({ state: 'visible' });
    await page.keyboard.press('Escape');
    await answer.waitFor({ state: 'hidden' });
    expect(await question.evaluate((stop) => stop === document.activeElement)).toBe(true);
    await page.context().close();
  });

  it('skips the navigation by the first link', async () => {
    await signedIn.goto('/files');
    await signedIn.keyboard.press('Tab');
    await signedIn.keyboard.press('Enter');
    await signedIn.keyboard.press('Tab');
    await signedIn.waitForFunction(() => document.activeElement?.id === 'file');
  });
});

async function expectFits(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    expect({ width, content }).toEqual({ width, content: width });
  }
  const { texts, groundIsDark } = await readLegibility(page);
  expect(groundIsDark).toBe(colorScheme === 'dark');
  expect(texts.length).toBeGreaterThan(2);
  expect(texts.filter(({ contrast }) => contrast < LEAST_CONTRAST)).toEqual([]);
}

async function expectReachable(page: Page, atLeast: number): Promise<void> {
  const expected = await page.evaluate(readTabStops);
  expect(expected.length).toBeGreaterThanOrEqual(atLeast);
  const walked = await walkByTab(page, expected.length);
  expect(walked.map(({ stop }) => stop)).toEqual(expected);
  expect(walked.filter(({ outlined }) => !outlined)).toEqual([]);
}
