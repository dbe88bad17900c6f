// The whole system in one process with a real Chromium before it: what a person does is clicked,
// typed and dropped here, and what a page complains of in its console fails the test that caused it.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Download, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { startInOneProcess, type System } from '../system/start-system.js';

export const ADA = { email: 'ada@example.org', password: 'correct horse battery' };

/** What any one step on a page may take. */
const STEP_MS = 10_000;

export interface Browsing {
  browser: Browser;
  system: System;
  /** A new page in a browser profile of its own: no cookie, no permission. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** The same, signed in as the administrator. */
  openSignedIn(options?: BrowserContextOptions): Promise<Page>;
  /** Writes a file to choose for uploads; random bytes, or those given. */
  makeFile(name: string, content: number | Uint8Array): Promise<LocalFile>;
  /** Names of everything that lies in the server's files directory, finished or not. */
  storedFiles(): Promise<string[]>;
  /** Script errors and policy violations of all pages since the last call. */
  takeFaults(): string[];
  stop(): Promise<void>;
}

export interface LocalFile {
  path: string;
  name: string;
  content: Uint8Array;
  sha256: string;
}

export async function startBrowsing(environment: Record<string, string> = {}): Promise<Browsing> {
  const system = await startInOneProcess({
    ADMIN_EMAIL: ADA.email,
    ADMIN_PASSWORD: ADA.password,
    ...environment,
  });
  const browser = await launchChromium().catch(async (error: unknown) => {
    await system.stop();
    throw error;
  });
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-browsing-'));
  let faults: string[] = [];

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: system.appUrl, ...options });
    context.setDefaultTimeout(STEP_MS);
    context.on('weberror', (error) => faults.push(String(error.error())));
    context.on('console', (message) => {
      // Chromium says so of every answer from 400 on; the tests look at those themselves.
      const refused = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !refused) faults.push(message.text());
    });
    return await context.newPage();
  }

  return {
    browser,
    system,
    open,
    openSignedIn: async (options) => {
      const page = await open(options);
      await signIn(page);
      return page;
    },
    makeFile: async (name, content) => {
      const bytes = typeof content === 'number' ? randomBytes(content) : content;
      const path = join(await mkdtemp(join(folder, 'f-')), name);
      await writeFile(path, bytes);
      return { path, name, content: bytes, sha256: sha256(bytes) };
    },
    storedFiles: async () => await readdir(join(system.dataDir, 'files'), { recursive: true }),
    takeFaults: () => {
      const taken = faults;
      faults = [];
      return taken;
    },
    stop: async () => {
      await browser.close();
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in as a person does, from wherever the start page leads to. */
export async function signIn(page: Page, { email, password } = ADA): Promise<void> {
  await page.goto('/');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();
  // The heading can be seen before the script runs, and a press would then go to the page without it.
  await page.waitForLoadState('load');
}

/** Chooses files in the upload form, as the browser's file dialog does. */
export async function chooseFiles(page: Page, files: readonly LocalFile[]): Promise<void> {
  await page.getByLabel('Choose files to upload').setInputFiles(files.map(({ path }) => path));
}

/** The row of the list (files or claims) that is about this file; the newest, when several are. */
export function rowOf(page: Page, name: string) {
  return page.getByRole('row').filter({ hasText: name }).first();
}

/** Does what starts a download, waits for it to be complete, reads it. */
export async function downloadBy(
  page: Page,
  start: () => Promise<unknown>,
): Promise<{ download: Download; content: Buffer; sha256: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), start()]);
  const content = await readFile(await download.path());
  return { download, content, sha256: sha256(content) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
