// The real Chromium that the browser tests drive. `npm test` finds or installs it and says where it
// is; nothing is downloaded here.
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

/** Nothing but the pages under test goes over the network, and no graphics card is asked for. */
const QUIET = [
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @throws Error when `npm test` did not say where Chromium is. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch(launchOptions());
}

/**
 * The same as a person starts it: with a profile that is kept in this directory, so that its own pages, as
 * that of its downloads, know what was done. Closing the context ends the browser.
 */
export async function launchChromiumAt(profile: string): Promise<BrowserContext> {
  return await chromium.launchPersistentContext(profile, launchOptions());
}

function launchOptions() {
  const executablePath = process.env['CHROMIUM_PATH'];
  if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run the tests by `npm test`');
  // Chromium's sandbox refuses to run as root, which is what a container's tests are.
  const args = process.getuid?.() === 0 ? [...QUIET, '--no-sandbox'] : QUIET;
  return { executablePath, args, timeout: 30_000 };
}
