// The first start without ADMIN_EMAIL: the link that it prints leads the operator in, once.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/wait-for.js';
import { startBrowsing, type Browsing } from './start-browsing.js';

let browsing: Browsing;
beforeAll(async () => {
  browsing = await startBrowsing({ ADMIN_EMAIL: '', ADMIN_PASSWORD: '' });
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

describe('the first sign-in', () => {
  it('is not used up by looking, signs in one browser, and then explains itself', async () => {
    const { app } = browsing.system;
    const link = await waitFor('the link is printed', () => printedLink(app.output()));
    const page = await browsing.open();

    const scanner = await browsing.open({ javaScriptEnabled: false });
    await scanner.goto(link);
    await page.goto(link);
    await page.reload();
    await page.getByRole('button', { name: 'Sign in with this browser' }).click();

    await page.getByRole('heading', { name: 'Welcome to claimcheck' }).waitFor();
    await page.goto('/files');
    expect(new URL(page.url()).pathname).toBe('/welcome');
    await page.getByLabel('E-mail address').fill('grace@example.org');
    await page.getByLabel('Password').fill('a moth in relay seventy');
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();

    await scanner.getByRole('button', { name: 'Sign in with this browser' }).click();
    expect(await scanner.getByRole('heading', { level: 1 }).innerText()).toMatch(/^This link /);
    expect(await scanner.locator('main').innerText()).toContain(
      'Sign in with e-mail address and password',
    );
    expect(await scanner.content()).not.toContain('v4.public');
    await scanner.getByRole('link', { name: /start page|Sign in/ }).click();
    await scanner.getByRole('heading', { name: 'Sign in' }).waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('E-mail address').fill('grace@example.org');
    await page.getByLabel('Password').fill('a moth in relay seventy');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();
  });

  it('never writes the link into the log', () => {
    const log = browsing.system.app.output().split('\n');
    const lines = log.filter((line) => line.startsWith('{') && line.includes('v4.public'));
    expect(log.some((line) => line.includes('/sign-in/link/'))).toBe(true);
    expect(lines).toEqual([]);
  });
});

function printedLink(output: string): string | undefined {
  return /^\s*(http\S+\/sign-in\/link\/v4\.public\.\S+)\s*$/m.exec(output)?.[1];
}
