// Sender and recipient in a real Chromium: made on one page, fetched from another, followed live; by
// keyboard alone, in an order that can be read aloud, and without a serious finding of axe-core.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { readFindings, readTabStops, walkByTab } from '../browser/read-page.js';
import { waitFor } from '../support/wait-for.js';
import {
  chooseFiles,
  downloadBy,
  rowOf,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from '../browser/start-browsing.js';

const run = promisify(execFile);

let browsing: Browsing;
let sender: Page;
let file: LocalFile;
beforeAll(async () => {
  browsing = await startBrowsing();
  sender = await browsing.openSignedIn();
  file = await browsing.makeFile('annual report.pdf', 3_000_000);
  await chooseFiles(sender, [file]);
  await rowOf(sender, file.name).getByText('3\u00a0MB').waitFor();
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

/** Makes a link on the page; returns its address, its code and where it is followed. */
async function send(options: { code?: boolean; to?: string; message?: string } = {}) {
  await sender.goto('/files');
  await rowOf(sender, file.name).getByRole('link', { name: 'Send' }).click();
  await sender.getByRole('heading', { name: 'Send a file' }).waitFor();
  expect(await sender.getByLabel(file.name).isChecked()).toBe(true);
  await sender.getByLabel('To', { exact: true }).fill(options.to ?? '');
  await sender.getByLabel('Message').fill(options.message ?? '');
  if (options.code) await sender.getByLabel('Ask for a six-digit code').check();
  await sender.getByRole('button', { name: 'Make the link' }).click();
  const address = sender.getByLabel('Address');
  await address.waitFor();
  const url = await address.inputValue();
  const code = options.code ? await sender.locator('.link-code').innerText() : '';
  const follow = sender.getByRole('link', { name: 'Follow this link' });
  return { url, code, path: (await follow.getAttribute('href')) ?? '' };
}

describe('a file sent by link', () => {
  it('is fetched by the button, and its sender sees it finished within two seconds', async () => {
    const { url, path } = await send({ message: 'As promised.' });
    await sender.goto(path);
    await sender.evaluate(() => Object.assign(window, { neverReloaded: true }));
    const list = await sender.context().newPage();
    await list.goto('/links');

    const recipient = await browsing.open();
    await recipient.goto(url);
    await recipient.getByText('As promised.').waitFor();
    await sender.locator('#link .state-words', { hasText: 'page opened' }).waitFor();
    const button = recipient.getByRole('button', { name: 'Download' });
    const got = await downloadBy(recipient, () => button.click());
    const finishedAt = performance.now();
    await sender.locator('#link .state-words', { hasText: /^downloaded/ }).waitFor();
    expect(performance.now() - finishedAt).toBeLessThan(2000);
    expect(got.sha256).toBe(file.sha256);
    expect(got.download.suggestedFilename()).toBe(file.name);
    await sender.getByText('Download finished, 3\u00a0MB').waitFor();
    expect(await sender.evaluate(() => 'neverReloaded' in window)).toBe(true);
    await rowOf(list, file.name)
      .getByText(/^downloaded/)
      .waitFor();

    await recipient.reload();
    await recipient.getByRole('heading', { name: 'This link has been used up' }).waitFor();
    await recipient.context().close();
    await list.close();
  });

  it('is fetched without script and without cookies', async () => {
    const { url } = await send();
    const recipient = await browsing.open({ javaScriptEnabled: false });
    await recipient.goto(url);
    const got = await downloadBy(recipient, () =>
      recipient.getByRole('button', { name: 'Download' }).click(),
    );
    expect(got.sha256).toBe(file.sha256);
    expect(await recipient.context().cookies()).toEqual([]);
    await recipient.context().close();
  });

  it('is fetched by the command of the page, on a machine without a browser', async () => {
    const { url, code } = await send({ code: true });
    const recipient = await browsing.open();
    await recipient.goto(url);
    await recipient.getByText('By command line').click();
    const command = await recipient.getByLabel('Command').inputValue();
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-command-'));
    try {
      const asked = async () =>
        await run('sh', ['-c', command], { cwd: folder }).then(
          () => 'fetched',
          (error: Error) => error.message,
        );
      // A page that is not a second old is not believed; then the code is what is missing.
      await waitFor('the code is asked for', async () => (await asked()).includes(': 403'));
      await run('sh', ['-c', command.replace('000000', code)], { cwd: folder });
      const saved = await readFile(join(folder, file.name));
      expect(saved.equals(file.content)).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await recipient.context().close();
    }
  });

  it('is asked for once by a double click', async () => {
    const { url, path } = await send();
    const recipient = await browsing.open();
    await recipient.goto(url);
    const got = await downloadBy(recipient, () =>
      recipient.getByRole('button', { name: 'Download' }).dblclick(),
    );
    expect(got.sha256).toBe(file.sha256);
    await sender.goto(path);
    await sender.locator('#link .state-words', { hasText: /^downloaded/ }).waitFor();
    await sender.getByText('Download finished').waitFor();
    expect(await sender.getByText('Download started').count()).toBe(1);
    await recipient.context().close();
  });
});

describe('the landing page', () => {
  it('is used by keyboard alone, with its code', async () => {
    const { url, code } = await send({ code: true });
    const recipient = await browsing.open();
    await recipient.goto(url);
    const stops = await recipient.evaluate(readTabStops);
    const walked = await walkByTab(recipient, stops.length);
    expect(walked.map(({ stop }) => stop)).toEqual(stops);
    expect(walked.filter(({ outlined }) => !outlined)).toEqual([]);

    await recipient.getByLabel('Code').focus();
    await recipient.keyboard.type('12');
    await recipient.keyboard.press('Enter');
    await recipient.getByRole('alert').getByText('That is not the code').waitFor();
    await recipient.getByLabel('Code').focus();
    await recipient.keyboard.type(code);
    const got = await downloadBy(recipient, async () => {
      await recipient.keyboard.press('Tab');
      await recipient.keyboard.press('Enter');
    });
    expect(got.sha256).toBe(file.sha256);
    await recipient.context().close();
  });

  it('reads aloud in the order of what a recipient asks: what, from whom, how, how long', async () => {
    const { url } = await send({ code: true, message: 'As promised.' });
    const recipient = await browsing.open();
    await recipient.goto(url);
    const read = await recipient.locator('main').ariaSnapshot();
    const places = [
      'heading "A file for you"',
      'sent you',
      'annual report.pdf',
      'As promised.',
      'Six digits',
      'textbox "Code"',
      'button "Download"',
      'The link works until',
      'You did not expect a file?',
    ].map((words) => read.indexOf(words));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    await recipient.context().close();
  });

  it.each(['light', 'dark'] as const)('has no serious finding in %s', async (colorScheme) => {
    const { url } = await send({ code: true, message: 'As promised.' });
    const recipient = await browsing.open({ colorScheme });
    await recipient.goto(url);
    expect(await readFindings(recipient)).toEqual([]);
    await recipient.getByLabel('Code').fill('1');
    await recipient.getByRole('button', { name: 'Download' }).click();
    await recipient.getByRole('alert').waitFor();
    expect(await readFindings(recipient)).toEqual([]);
    await recipient.goto(url.slice(0, -3));
    await recipient.getByRole('heading', { name: 'There is no such link' }).waitFor();
    expect(await readFindings(recipient)).toEqual([]);
    await recipient.context().close();
  });
});

describe('the pages of the sender', () => {
  it('are walked by keyboard in the order they are read', async () => {
    const { path } = await send({ to: 'bo@example.net' });
    // A row that changes while it is walked through is another one than was counted.
    await sender.goto(path);
    await sender.getByText('Mail to bo@example.net written to a file').waitFor();
    for (const each of ['/links', '/links/new', path]) {
      await sender.goto(each);
      const stops = await sender.evaluate(readTabStops);
      expect(stops.length).toBeGreaterThan(8);
      const walked = await walkByTab(sender, stops.length);
      expect(walked.map(({ stop }) => stop)).toEqual(stops);
      expect(walked.filter(({ outlined }) => !outlined)).toEqual([]);
    }
  });

  it('have no serious finding, and fit a phone', async () => {
    const { path } = await send({ to: `${'long'.repeat(12)}@subdomain.example.net` });
    expect(await readFindings(sender)).toEqual([]);
    for (const each of ['/links', '/links/new', path]) {
      await sender.goto(each);
      expect(await readFindings(sender)).toEqual([]);
      await sender.setViewportSize({ width: 320, height: 800 });
      const width = await sender.evaluate(() => document.documentElement.scrollWidth);
      expect([each, width]).toEqual([each, 320]);
      await sender.setViewportSize({ width: 1280, height: 800 });
    }
  });

  it('withdraw a link after asking', async () => {
    const { url, path } = await send();
    await sender.goto(path);
    await sender
      .locator('summary', { hasText: /^Withdraw/ })
      .first()
      .click();
    await sender.getByRole('button', { name: 'Withdraw this link' }).click();
    await sender.locator('.notice').getByText('Withdrawn.').waitFor();
    const recipient = await browsing.open();
    expect((await recipient.goto(url))?.status()).toBe(410);
    await recipient.getByRole('heading', { name: 'This link was withdrawn' }).waitFor();
    await recipient.context().close();
  });
});
