// Uploads with script: several at once, dropped on the page, cancelled half way, refused, cut off.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';
import { startRelay, type Relay } from '../support/relay.js';
import { waitFor } from '../support/wait-for.js';
import {
  chooseFiles,
  rowOf,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from './start-browsing.js';

const MIB = 2 ** 20;
const MAX_FILE_BYTES = 32_000_000;
const FAST = { offline: false, latency: 0, downloadThroughput: -1 };

let relay: Relay;
let browsing: Browsing;
let page: Page;
let cdp: CDPSession;
beforeAll(async () => {
  relay = await startRelay();
  const origin = `http://localhost:${relay.port}`;
  browsing = await startBrowsing({
    MAX_FILE_BYTES: String(MAX_FILE_BYTES),
    APP_ORIGIN: origin,
  });
  relay.leadTo(appPort());
  page = await browsing.openSignedIn({ baseURL: origin });
  cdp = await page.context().newCDPSession(page);
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => {
  await browsing.stop();
  await relay.stop();
});

describe('the upload form', () => {
  it('takes several files at once, each into the list as it is done', async () => {
    await page.goto('/files');
    const files = await makeFiles(['one.bin', 'two.bin', 'three.bin', 'four.bin', 'five.bin']);

    await chooseFiles(page, files);

    await expectListed(files);
  });

  it('takes files that are dropped anywhere on the page', async () => {
    await page.goto('/files');
    const files = await makeFiles(['dropped one.bin', 'dropped two.bin']);

    await drag('dragEnter', files);
    await drag('dragOver', files);
    expect(await page.locator('html').getAttribute('class')).toContain('dropping');
    await drag('drop', files);

    await expectListed(files);
    expect(await page.locator('html').getAttribute('class')).not.toContain('dropping');
  });

  it('leaves nothing behind when an upload is cancelled half way', async () => {
    await page.goto('/files');
    const before = await browsing.storedFiles();
    const file = await browsing.makeFile('cancelled.bin', 30 * MIB);
    await limitUpload(4 * MIB);

    await chooseFiles(page, [file]);
    const row = uploadOf(file);
    await row.getByText(/^\d+\s%/).waitFor();
    await waitFor('a part of it is on the server', async () => {
      return (await browsing.storedFiles()).length > before.length;
    });
    await row.getByRole('button', { name: 'Cancel' }).click();

    await row.waitFor({ state: 'detached' });
    await waitFor('nothing is left on the server', async () => {
      return (await browsing.storedFiles()).join() === before.join();
    });
    await limitUpload(-1);
    await page.reload();
    expect(await rowOf(page, file.name).count()).toBe(0);
  });

  it('goes on with the others when one of them is cancelled', async () => {
    await page.goto('/files');
    const cancelled = await browsing.makeFile('not this.bin', 20 * MIB);
    const others = await makeFiles(['but this.bin', 'and this.bin', 'and that.bin']);
    await limitUpload(2 * MIB);

    await chooseFiles(page, [cancelled, ...others]);
    await uploadOf(cancelled).getByRole('button', { name: 'Cancel' }).click();
    await limitUpload(-1);

    await expectListed(others);
    expect(await rowOf(page, cancelled.name).count()).toBe(0);
  });

  it('says that a file is over the limit before a byte of it is sent', async () => {
    await page.goto('/files');
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.method()} ${request.url()}`));
    const file = await browsing.makeFile('too large.bin', MAX_FILE_BYTES + 1);

    await chooseFiles(page, [file]);

    const row = uploadOf(file);
    await row
      .getByText('Too large: this is 32,000,001\u00a0bytes, the limit is 32\u00a0MB.')
      .waitFor();
    await row.getByRole('button', { name: 'Dismiss' }).click();
    await row.waitFor({ state: 'detached' });
    expect(sent.filter((line) => line.startsWith('PUT'))).toEqual([]);
  });

  it('says beside the file why the server refused it', async () => {
    await page.goto('/files');
    const file = await browsing.makeFile('back\\slash.bin', 100);

    await chooseFiles(page, [file]);

    const row = uploadOf(file);
    await row.getByText(/^Slashes are not allowed/).waitFor();
    expect(await page.locator('#announcement').innerText()).toContain('Slashes are not allowed');
    await row.getByRole('button', { name: 'Dismiss' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('says when the connection broke off, and sends the file again on demand', async () => {
    await page.goto('/files');
    const before = await browsing.storedFiles();
    const file = await browsing.makeFile('cut off.bin', 20 * MIB);
    await limitUpload(4 * MIB);
    await chooseFiles(page, [file]);
    const row = uploadOf(file);
    await row.getByText(/^\d+\s%/).waitFor();

    relay.cut();
    await row.getByText('The connection broke off').waitFor();
    await waitFor('nothing is left on the server', async () => {
      return (await browsing.storedFiles()).join() === before.join();
    });
    relay.leadTo(appPort());
    await limitUpload(-1);
    await row.getByRole('button', { name: 'Try again' }).click();

    await expectListed([file]);
  });

  it('asks before leaving the page while an upload runs', async () => {
    await page.goto('/files');
    const file = await browsing.makeFile('running.bin', 20 * MIB);
    await limitUpload(2 * MIB);
    await chooseFiles(page, [file]);
    const row = uploadOf(file);
    await row.getByText(/^\d+\s%/).waitFor();

    const asking = page.waitForEvent('dialog');
    const leaving = page.getByRole('link', { name: 'Claims' }).click();
    const question = await asking;
    await question.dismiss();
    await leaving;
    expect(question.type()).toBe('beforeunload');

    expect(new URL(page.url()).pathname).toBe('/files');
    await row.getByRole('button', { name: 'Cancel' }).click();
    await limitUpload(-1);
  });

  it('leads to signing in when the session has ended meanwhile', async () => {
    await page.goto('/files');
    const other = await browsing.openSignedIn({ baseURL: new URL(page.url()).origin });
    await other.goto('/devices');
    await other.locator('summary', { hasText: 'End all others' }).click();
    await other.getByRole('button', { name: /^End \d+ session/ }).click();
    await other.getByText('Signed out everywhere else.').waitFor();

    await chooseFiles(page, await makeFiles(['too late.bin']));

    await page
      .locator('#uploads')
      .getByText(/sign(ed)? in/i)
      .waitFor();
    await other.context().close();
  });
});

function appPort(): number {
  return Number(new URL(browsing.system.appUrl).port);
}

async function makeFiles(names: readonly string[]): Promise<LocalFile[]> {
  return await Promise.all(names.map((name) => browsing.makeFile(name, 5000)));
}

function uploadOf({ name }: LocalFile) {
  return page.locator('#uploads li').filter({ hasText: name });
}

async function expectListed(files: readonly LocalFile[]): Promise<void> {
  for (const { name, sha256 } of files) {
    await rowOf(page, name).locator('code', { hasText: sha256 }).waitFor({ state: 'attached' });
  }
  await page.locator('#uploads li').first().waitFor({ state: 'detached' });
}

async function limitUpload(bytesPerSecond: number): Promise<void> {
  await cdp.send('Network.emulateNetworkConditions', { ...FAST, uploadThroughput: bytesPerSecond });
}

/** A drag from outside the browser, as the window system delivers it. */
async function drag(
  type: 'dragEnter' | 'dragOver' | 'drop',
  files: readonly LocalFile[],
): Promise<void> {
  const data = { items: [], files: files.map(({ path }) => path), dragOperationsMask: 1 };
  await cdp.send('Input.dispatchDragEvent', { type, x: 500, y: 500, data });
}
