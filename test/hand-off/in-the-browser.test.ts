// Identities elsewhere in a real Chromium: the provider and the other app server are sites of their own, and
// cookies, form policies and redirects are the browser's, not a test's idea of them.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startProvider, type TestProvider } from '../identity-provider/start-provider.js';
import { launchChromium } from '../support/chromium.js';
import { freePort } from '../support/free-port.js';
import { ADMIN, startTwoServers, type TwoServers } from './two-servers.js';

const STEP_MS = 15_000;
let on: TwoServers;
let provider: TestProvider;
let browser: Browser;
let faults: string[] = [];

beforeAll(async () => {
  const receiverPort = await freePort();
  const receiverOrigin = `http://b.localhost:${receiverPort}`;
  provider = await startProvider({ redirectUri: `${receiverOrigin}/sign-in/provider/callback` });
  provider.add({ subject: 'ada', email: ADMIN.email });
  on = await startTwoServers({
    receiverPort,
    hosts: ['localhost', 'b.localhost'],
    receiver: {
      config: {
        provider: {
          issuer: provider.issuer,
          clientId: provider.clientId,
          clientSecret: provider.clientSecret,
          name: 'Example Login',
          accounts: 'existing',
          allowedDomains: [],
          acrValues: [],
        },
      },
    },
  });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await on.stop();
  await provider.stop();
});

async function open(): Promise<Page> {
  faults = [];
  const context = await browser.newContext();
  context.setDefaultTimeout(STEP_MS);
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('console', (message) => {
    // Chromium says so of every answer from 400 on; the provider has no icon.
    const refused = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !refused) faults.push(message.text());
  });
  return await context.newPage();
}

async function signInByPassword(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await fillIn(page);
}

async function fillIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The page's own heading, once it is there. */
async function seeHeading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name, exact: true }).waitFor({ state: 'visible' });
}

describe('in Chromium', () => {
  it('somebody signs in at the provider and comes back to where they wanted to go', async () => {
    const page = await open();
    await page.goto(`${on.receiver.origin}/links?q=1`);
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    await page.getByLabel('Login').fill('ada');
    await page.getByRole('button', { name: 'Come in' }).click();
    await seeHeading(page, 'Links');
    expect(page.url()).toBe(`${on.receiver.origin}/links?q=1`);
    await page.goto(`${on.receiver.origin}/account/identities`);
    await page.getByRole('rowheader', { name: 'Example Login' }).waitFor({ state: 'visible' });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('somebody who says no there is told so here, and goes back to sign in', async () => {
    const page = await open();
    await page.goto(`${on.receiver.origin}/sign-in/provider`);
    await page.getByRole('button', { name: 'No' }).click();
    await seeHeading(page, 'You were not signed in');
    await page.getByRole('link', { name: 'Back to sign-in' }).click();
    await seeHeading(page, 'Sign in');
    await page.context().close();
  });

  it('somebody connects their accounts at two servers, and is then handed over by one press', async () => {
    const page = await open();
    await signInByPassword(page, on.receiver.origin);
    await seeHeading(page, 'Files');
    await page.goto(`${on.receiver.origin}/account/identities`);
    await page.getByRole('button', { name: 'Connect main-site' }).click();
    // There is no session at the sender yet: it asks for one, and goes on with the question.
    await page.waitForURL(`${on.sender.origin}/sign-in?**`);
    await fillIn(page);
    await seeHeading(page, 'Sign in there, too?');
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.getByText('Connected. You can sign in with it').waitFor({ state: 'visible' });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out.').waitFor({ state: 'visible' });

    await page.goto(`${on.receiver.origin}/devices`);
    await page.getByRole('link', { name: 'Sign in with main-site' }).click();
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await seeHeading(page, 'Devices');
    expect(page.url()).toBe(`${on.receiver.origin}/devices`);
    expect(await page.evaluate(() => document.referrer)).not.toContain('v4.public');
    expect(faults).toEqual([]);

    // Going back shows what was before, and no token; nothing in the history signs anybody in again.
    await page.context().clearCookies();
    for (let step = 0; step < 4; step += 1) {
      await page.goBack({ waitUntil: 'commit' }).catch(() => null);
      expect(page.url()).not.toContain('v4.public');
    }
    await page.goto(`${on.receiver.origin}/files`);
    await seeHeading(page, 'Sign in');
    await page.context().close();
  });

  it('works without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    context.setDefaultTimeout(STEP_MS);
    const page = await context.newPage();
    await page.goto(`${on.receiver.origin}/sign-in`);
    await page.getByRole('link', { name: 'Sign in with main-site' }).click();
    await fillIn(page);
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await seeHeading(page, 'Files');
    expect(page.url()).toBe(`${on.receiver.origin}/files`);
    await context.close();
  });
});
