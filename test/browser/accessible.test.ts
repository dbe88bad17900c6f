// The pages of mail, mailed links and webhooks, for those who do not see them or use no mouse: without a
// serious finding of axe-core, light and dark, and walked by the keyboard in the order they are read.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Client } from '../app/client.js';
import { makeLink } from '../links/press-link.js';
import { linkIn, startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { upload } from '../system/start-system.js';
import { readFindings, readTabStops, walkByTab } from './read-page.js';
import { ADA, startBrowsing, type Browsing } from './start-browsing.js';

let mailServer: MailServer;
let browsing: Browsing;
let client: Client;
/** Paths by what they are. */
const mailed: Record<string, string> = {};
beforeAll(async () => {
  mailServer = await startMailServer();
  mailServer.onRecipient = () => ({ code: 550, text: 'No such mailbox here' });
  browsing = await startBrowsing({
    SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    MAIL_FROM: 'claimcheck <files@example.org>',
    WEBHOOK_ALLOW_PRIVATE: '1',
  });
  client = await browsing.system.signIn();
  await client.json('POST', '/api/invitations', { email: 'gone@example.org', role: 'member' });
  await waitFor('a mail has failed', async () => {
    const { counts } = (await (await client.get('/api/outbox')).json()) as {
      counts: { failed: number };
    };
    return counts.failed === 1;
  });
  mailServer.onRecipient = () => undefined;
  await client.json('POST', '/api/sign-in-links', { email: ADA.email });
  mailed['signIn'] = await pathMailed('Your sign-in link');
  await client.json('POST', '/api/password-resets', { email: ADA.email });
  mailed['reset'] = await pathMailed('Choose a new password');
  await client.json('POST', '/api/invitations', { email: 'guest@example.org', role: 'member' });
  mailed['invitation'] = await pathMailed('You are invited');
  const { url } = await makeLink(client, (await upload(client)).id);
  const page = await browsing.open();
  await page.goto(url);
  await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ]);
  await page.context().close();
  mailed['optOut'] = await pathMailed('Fetched: report.bin');
  const hook = { url: 'http://127.0.0.1:1/hook' };
  const added = (await (await client.json('POST', '/api/webhooks', hook)).json()) as { id: string };
  await client.request('POST', `/api/webhooks/${added.id}/test`);
  mailed['webhook'] = `/webhooks/${added.id}`;
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => {
  await browsing.stop();
  await mailServer.stop();
});

async function pathMailed(subject: string): Promise<string> {
  const mail = await waitFor(`the mail “${subject}”`, () =>
    mailServer.mails.find(({ email }) => email.subject === subject),
  );
  return new URL(linkIn(mail)).pathname;
}

async function expectWalked(page: Page, atLeast: number): Promise<void> {
  const stops = await page.evaluate(readTabStops);
  expect(stops.length).toBeGreaterThanOrEqual(atLeast);
  const walked = await walkByTab(page, stops.length);
  expect(walked.map(({ stop }) => stop)).toEqual(stops);
  expect(walked.filter(({ outlined }) => !outlined)).toEqual([]);
}

/** What each page is, where it is, its heading, and how many stops of the Tab key it has at least. */
const BEFORE_SIGNING_IN: [string, () => string | undefined, string, number][] = [
  ['asking for a sign-in link', () => '/sign-in/email', 'E-mail me a sign-in link', 4],
  ['asking for a new password', () => '/sign-in/forgot', 'Forgot your password?', 4],
  ['a mailed sign-in link', () => mailed['signIn'], 'Sign in with your link', 2],
  ['a mailed reset', () => mailed['reset'], 'Choose a new password', 3],
  ['an invitation', () => mailed['invitation'], 'Set up your account', 3],
  ['the way out of notices', () => mailed['optOut'], 'No more notices?', 2],
];
const SIGNED_IN: typeof BEFORE_SIGNING_IN = [
  ['the outbox', () => '/outbox', 'Outbox', 8],
  ['webhooks', () => '/webhooks', 'Webhooks', 9],
  ['a webhook', () => mailed['webhook'], 'Webhook', 8],
  ['the account', () => '/account', 'Account', 9],
  ['the accounts', () => '/accounts', 'Accounts', 12],
  ['the audit trail', () => '/audit', 'Audit trail', 14],
  ['the account’s activity', () => '/account/activity', 'Your account’s activity', 8],
];

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each(BEFORE_SIGNING_IN)('%s has no serious finding', async (_, path, heading, atLeast) => {
    const page = await browsing.open({ colorScheme });
    await page.goto(path() ?? 'missing');
    await page.getByRole('heading', { name: heading, exact: true }).waitFor();
    expect(await readFindings(page)).toEqual([]);
    await expectWalked(page, atLeast);
    await page.context().close();
  });

  it('the pages behind the session have none either', async () => {
    const page = await browsing.openSignedIn({ colorScheme });
    for (const [, path, heading, atLeast] of SIGNED_IN) {
      await page.goto(path() ?? 'missing');
      await page.getByRole('heading', { name: heading, exact: true }).waitFor();
      expect([heading, await readFindings(page)]).toEqual([heading, []]);
      await expectWalked(page, atLeast);
    }
    await page.context().close();
  });
});

describe('by keyboard alone', () => {
  it('adds a webhook, is refused with the reason, and deletes it', async () => {
    const page = await browsing.openSignedIn();
    await page.goto('/webhooks');
    await page.getByLabel('Address').focus();
    await page.keyboard.type('ftp://example.org/hook');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await readFindings(page)).toEqual([]);
    await page.getByLabel('Address').fill('http://127.0.0.1:1/other');
    await page.getByLabel('Address').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Keep this secret' }).waitFor();
    expect(await readFindings(page)).toEqual([]);
    const row = page.getByRole('row').filter({ hasText: '/other' });
    await row.locator('summary', { hasText: 'Delete' }).focus();
    await page.keyboard.press('Enter');
    const sure = row.getByRole('button', { name: 'Delete webhook' });
    await sure.waitFor();
    await sure.focus();
    await page.keyboard.press('Enter');
    await page.locator('.notice').getByText('Webhook deleted.').waitFor();
    await page.context().close();
  });

  it('tries a failed mail again', async () => {
    const page = await browsing.openSignedIn();
    await page.goto('/outbox');
    await page.getByRole('button', { name: /^Try now/ }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.notice').getByText('It is being tried again.').waitFor();
    await waitFor('it has come', () =>
      mailServer.mails.some(({ recipients }) => recipients[0] === 'gone@example.org'),
    );
    await page.context().close();
  });

  it('has no more notices by one button, and reads that it is so', async () => {
    const page = await browsing.open();
    await page.goto(mailed['optOut'] ?? 'missing');
    await page.getByRole('button', { name: 'Send me no more notices' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No more notices', exact: true }).waitFor();
    expect(await readFindings(page)).toEqual([]);
    await page.context().close();
  });
});
