// Getting in by one's mailbox, as a person does it: press, read the mail, press, with a real mail server
// and a real browser, with and without script.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { linkIn, startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { ADA, signIn, startBrowsing, type Browsing } from './start-browsing.js';

const NEW_PASSWORD = 'a moth in relay seventy';
const GUEST = { email: 'grace@example.org', password: 'chosen by grace herself' };

let mailServer: MailServer;
let browsing: Browsing;
beforeAll(async () => {
  mailServer = await startMailServer();
  browsing = await startBrowsing({
    SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    MAIL_FROM: 'claimcheck <files@example.org>',
  });
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => {
  await browsing.stop();
  await mailServer.stop();
});

async function linkMailedTo(to: string, subject: string): Promise<string> {
  return await waitFor(`the mail “${subject}”`, () => {
    const i = mailServer.mails.findIndex(
      ({ recipients, email }) => recipients[0] === to && email.subject === subject,
    );
    const [mail] = i < 0 ? [] : mailServer.mails.splice(i, 1);
    return mail && linkIn(mail);
  });
}

const heading = (page: Page, name: string) =>
  page.getByRole('heading', { name, exact: true }).waitFor();

describe('a forgotten password', () => {
  it('is replaced by a mail, a page and a button; the old session has ended', async () => {
    const old = await browsing.openSignedIn();
    const page = await browsing.open();
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await heading(page, 'Forgot your password?');
    await page.getByLabel('E-mail address').fill(ADA.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('If that address has an account here').waitFor();

    const link = await linkMailedTo(ADA.email, 'Choose a new password');
    // What opens links by itself runs no script and presses nothing.
    const scanner = await browsing.open({ javaScriptEnabled: false });
    await scanner.goto(link);
    await heading(scanner, 'Choose a new password');
    await page.goto(link);
    await page.getByRole('textbox', { name: 'New password' }).fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Save the new password' }).click();
    await page.getByText('Password saved. Sign in with it.').waitFor();

    await old.goto('/files');
    await heading(old, 'Sign in');
    await signIn(page, { email: ADA.email, password: NEW_PASSWORD });
    await scanner.reload();
    await heading(scanner, 'This link has already been used');
    await waitFor('the owner is told', () =>
      mailServer.mails.some(({ email }) => email.subject === 'Your password was changed'),
    );
  });
});

describe('a sign-in link', () => {
  it('signs in without a password and without script', async () => {
    const page = await browsing.open({ javaScriptEnabled: false });
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'E-mail me a sign-in link' }).click();
    await page.getByLabel('E-mail address').fill(ADA.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('If that address has an account here').waitFor();
    await page.goto(await linkMailedTo(ADA.email, 'Your sign-in link'));
    await page.getByText(ADA.email).waitFor();
    await page.getByRole('button', { name: 'Sign in with this browser' }).click();
    await heading(page, 'Files');
  });
});

describe('an invitation', () => {
  it('is sent by an administrator, shown as such, and accepted by its owner', async () => {
    const admin = await browsing.open();
    await signIn(admin, { email: ADA.email, password: NEW_PASSWORD });
    await admin.goto('/accounts');
    const card = admin.getByRole('region', { name: 'Invite by e-mail' });
    await card.getByLabel('E-mail address').fill(GUEST.email);
    await card.getByRole('button', { name: 'Invite' }).click();
    await admin.getByText('Invited. The mail with the link is on its way.').waitFor();
    const row = admin.getByRole('row').filter({ hasText: GUEST.email });
    await row.getByText('invited', { exact: true }).waitFor();

    const guest = await browsing.open();
    await guest.goto(await linkMailedTo(GUEST.email, 'You are invited'));
    await heading(guest, 'Set up your account');
    await guest.getByRole('textbox', { name: 'New password' }).fill(GUEST.password);
    await guest.getByRole('button', { name: 'Set up my account' }).click();
    await guest.getByText('Password saved. Sign in with it.').waitFor();
    await signIn(guest, GUEST);
    await admin.reload();
    await row.getByText('active', { exact: true }).waitFor();

    await admin.getByRole('link', { name: /Outbox/ }).click();
    await heading(admin, 'Outbox');
    await admin
      .getByRole('row')
      .filter({ hasText: GUEST.email })
      .getByText('sent')
      .first()
      .waitFor();
  });
});
