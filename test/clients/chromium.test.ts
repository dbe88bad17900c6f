// Chromium's own downloads, against a real download server that is killed in the middle of the body and started
// again on the same port. Our answers say `no-store`; that must not keep the browser from resuming.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { launchChromiumAt } from '../support/chromium.js';
import { waitFor } from '../support/wait-for.js';
import { makeClientFolder, sha256, type ClientFolder } from './run-client.js';
import { startFront, type Front } from './start-front.js';
import { startMortalServer, type MortalServer, type Offer } from './start-mortal-server.js';

const MIB = 1024 * 1024;
/** More than the sockets between two processes hold. */
const SIZE = 48 * MIB;
const STEP_MS = 30_000;

let server: MortalServer;
let front: Front;
let folder: ClientFolder;
let browser: BrowserContext;
beforeAll(async () => {
  server = await startMortalServer();
  front = await startFront(server.port);
});
afterAll(async () => {
  await front.stop();
  await server.stop();
});
beforeEach(async () => {
  folder = await makeClientFolder();
  browser = await launchChromiumAt(join(folder.path, 'profile'));
  browser.setDefaultTimeout(STEP_MS);
});
afterEach(async () => {
  await browser.close();
  await folder.remove();
});

/** Begins the download of an offer named got.bin, and returns the page that it was begun from. */
async function begin({ url }: Offer): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.port}/livez`);
  // The browser's own way of saving, instead of playwright's, which renames what it saves.
  const session = await browser.browser()?.newBrowserCDPSession();
  if (session === undefined) throw new Error('no session with the browser');
  await session.send('Browser.setDownloadBehavior', {
    behavior: 'allow',
    downloadPath: folder.path,
  });
  await page.evaluate((address) => location.assign(address), url);
  return page;
}

async function expectSaved({ content }: Offer): Promise<void> {
  const path = join(folder.path, 'got.bin');
  await waitFor(
    'it is saved',
    async () => (await stat(path).catch(() => undefined))?.size === SIZE,
    STEP_MS,
  );
  expect(sha256(await readFile(path))).toBe(sha256(content));
}

/** The statuses of the answers to this claim that the server has logged, once there are any. */
async function answered({ claim }: Offer): Promise<unknown[]> {
  return await waitFor('the answer is logged', () => {
    const lines = server.output().split('\n');
    const own = lines.filter((line) => line.includes('"url":"/d/') && line.includes(claim.jti));
    return own.length > 0 && own.map((line) => (JSON.parse(line) as { status: unknown }).status);
  });
}

describe('Chromium, when the server is killed in mid-body,', () => {
  it('goes on by itself where the body ends short', async () => {
    const offer = await server.offer(SIZE, { port: front.port, name: 'got.bin' });
    const held = front.holdAfter(5 * MIB);
    await begin(offer);
    await held;
    await server.kill();
    await server.start();
    front.release('drain');
    await expectSaved(offer);
    expect(await answered(offer)).toEqual([206]);
  });

  it('goes on when its user presses Resume, where the server is away for longer', async () => {
    const offer = await server.offer(SIZE, { port: front.port, name: 'got.bin' });
    const held = front.holdAfter(5 * MIB);
    const page = await begin(offer);
    await held;
    await server.kill();
    front.release('drain');
    await page.goto('chrome://downloads');
    await page.getByRole('button', { name: 'More actions' }).click();
    const resume = page.getByRole('menuitem', { name: 'Resume' });
    await resume.waitFor();
    await server.start();
    await resume.click();
    await expectSaved(offer);
    expect(await answered(offer)).toEqual([206]);
  });
});
