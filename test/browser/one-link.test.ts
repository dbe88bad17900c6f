// The second use from end to end, in a real browser: a file is sent by mail, read in a mail reader, opened,
// fetched; its sender sees it finished within two seconds, and gets the mail and the signed webhook.
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  headerOf,
  linkIn,
  startMailServer,
  type MailServer,
  type ReceivedMail,
} from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { startReceiver, type Receiver } from '../webhooks/start-receiver.js';
import {
  ADA,
  chooseFiles,
  downloadBy,
  rowOf,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from './start-browsing.js';

const BOB = 'bob@example.net';
const MESSAGE = 'Hello Bob,\n\nthis is what we spoke of.';

let mailServer: MailServer;
let receiver: Receiver;
let browsing: Browsing;
let sender: Page;
let file: LocalFile;
beforeAll(async () => {
  mailServer = await startMailServer();
  receiver = await startReceiver();
  browsing = await startBrowsing({
    SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    MAIL_FROM: 'claimcheck <files@example.org>',
    WEBHOOK_ALLOW_PRIVATE: '1',
  });
  sender = await browsing.openSignedIn();
  file = await browsing.makeFile('Jahresübersicht 資料.pdf', 5_000_000);
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => {
  await browsing.stop();
  await receiver.stop();
  await mailServer.stop();
});

async function mailTo(to: string, subject: RegExp): Promise<ReceivedMail> {
  return await waitFor(`a mail to ${to}`, () =>
    mailServer.mails.find(
      ({ recipients, email }) => recipients[0] === to && subject.test(email.subject ?? ''),
    ),
  );
}

/** Adds the webhook on its page; returns the secret that is shown there once. */
async function addWebhook(): Promise<string> {
  await sender.goto('/webhooks');
  await sender.getByLabel('Address').fill(receiver.url);
  await sender.getByRole('button', { name: 'Add webhook' }).click();
  const field = sender.getByRole('textbox', { name: 'Secret' });
  await field.waitFor();
  return await field.inputValue();
}

/** Sends the file on the page; returns the address of the page that follows the link. */
async function send(): Promise<string> {
  await sender.goto('/files');
  await chooseFiles(sender, [file]);
  await rowOf(sender, file.name).getByRole('link', { name: 'Send' }).click();
  await sender.getByLabel('To', { exact: true }).fill(BOB);
  await sender.getByLabel('Message').fill(MESSAGE);
  await sender.getByRole('button', { name: 'Make the link' }).click();
  await sender.getByRole('link', { name: 'Follow this link' }).click();
  await sender.getByRole('heading', { name: 'What happened' }).waitFor();
  return new URL(sender.url()).pathname;
}

const story = (words: string | RegExp) =>
  sender.locator('#link').getByRole('row').filter({ hasText: words }).first().waitFor();

describe('a file sent by mail', () => {
  it('reaches its recipient, and what becomes of it reaches its sender', async () => {
    const secret = await addWebhook();
    const path = await send();
    await sender.evaluate(() => Object.assign(window, { neverReloaded: true }));

    // The mail, as a mail reader shows it.
    const mail = await mailTo(BOB, /^ada@example\.org sent you “Jahresübersicht 資料\.pdf”$/);
    const { text = '', html = '' } = mail.email;
    expect(text).toContain('> Hello Bob,\n> \n> this is what we spoke of.');
    expect(text).toContain('5\u00a0MB');
    expect(html).not.toMatch(/<img|<link|<script|src=|url\(/);
    expect(headerOf(mail, 'auto-submitted')).toBe('auto-generated');
    const url = linkIn(mail);
    expect(html).toContain(`href="${url}"`);
    await story(`Mailed to ${BOB}`);

    // Its link, opened and pressed by somebody without an account.
    const bob = await browsing.open();
    await bob.goto(url);
    await bob.getByText(file.name).first().waitFor();
    await bob.getByText('this is what we spoke of.').waitFor();
    await story('Page opened');
    const got = await downloadBy(bob, () => bob.getByRole('button', { name: 'Download' }).click());
    const finishedAt = performance.now();
    await sender.locator('#link .state-words', { hasText: /^downloaded/ }).waitFor();
    expect(performance.now() - finishedAt).toBeLessThan(2000);
    expect(got.sha256).toBe(file.sha256);
    expect(got.download.suggestedFilename()).toBe(file.name);

    // The sender is told by mail, once, and reads in the story that it was sent.
    const notice = await mailTo(ADA.email, /^Fetched: /);
    expect(notice.email.text).toContain(BOB);
    await story('Notice mailed to you');
    await story('Download finished, 5\u00a0MB');
    expect(await sender.evaluate(() => 'neverReloaded' in window)).toBe(true);

    // So is the program behind the webhook, with signatures that the official library accepts.
    const told = await waitFor('the webhook is told of the end', () => {
      const all = receiver.deliveries.map(
        ({ body, headers }) =>
          new Webhook(secret).verify(body, headers as Record<string, string>) as {
            type: string;
            data: Record<string, unknown>;
          },
      );
      return all.some(({ type }) => type === 'download.finished') ? all : undefined;
    });
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['link.created', 'link.page_seen', 'download.started']),
    );
    const linkId = path.split('/').at(-1);
    for (const { data } of told) expect(data).toMatchObject({ linkId, recipient: BOB });

    // Pressing again says that it was fetched, and when; the sender reads that somebody tried.
    await bob.goto(url);
    await bob.getByRole('heading', { name: 'This link has been used up' }).waitFor();
    await bob.context().close();
    expect(mailServer.mails).toHaveLength(2);

    // The notice brings the way to have no more of them, without signing in.
    const anybody = await browsing.open();
    await anybody.goto(linkIn(notice));
    await anybody.getByRole('button', { name: 'Send me no more notices' }).click();
    await anybody.getByRole('heading', { name: 'No more notices', exact: true }).waitFor();
    await sender.goto('/links/new');
    await sender.getByText('Your account has these mails turned off').waitFor();
    await anybody.context().close();
  }, 90_000);

  it('shows that it has run out without being loaded again', async () => {
    const path = await send();
    const id = path.split('/').at(-1) ?? '';
    const client = await browsing.system.signIn();
    await client.json('PATCH', `/api/links/${id}`, { expiresInSeconds: 2 });
    await sender.locator('#link .state-words', { hasText: 'expired' }).waitFor();
    await story('Expired');
  });

  it('shows on its page whether its sender is mailed, and lets that be changed', async () => {
    const path = await send();
    await sender.getByRole('button', { name: 'Send me no mail about it' }).click();
    await sender.locator('.notice').getByText('Changed.').waitFor();
    await sender.getByText('no mail', { exact: true }).waitFor();
    await sender.getByRole('button', { name: 'Mail me when it is downloaded' }).click();
    await sender.getByText('no mail', { exact: true }).waitFor({ state: 'detached' });
    expect(new URL(sender.url()).pathname).toBe(path);
  });
});
