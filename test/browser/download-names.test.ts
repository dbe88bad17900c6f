// Hostile and unusual names, as Chromium saves them. Our app server refuses some of them at upload,
// but a claim may come from another one; so they are minted directly.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { launchChromium } from '../support/chromium.js';
import { downloadBy } from './start-browsing.js';

const RIGHT_TO_LEFT_OVERRIDE = '\u202e';
const LONG = `${'ü'.repeat(125)}.zip`;

let server: TestDownloadServer;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  server = await startTestDownloadServer();
  browser = await launchChromium();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

describe('Chromium saves', () => {
  it.each([
    ['a plain name', 'report.pdf', 'report.pdf'],
    ['blanks and umlauts', 'Jahresbericht – für alle.pdf', 'Jahresbericht – für alle.pdf'],
    ['another script', 'دليل المستخدم.pdf', 'دليل المستخدم.pdf'],
    ['emoji', '🏖️ 家族.jpg', '🏖️ 家族.jpg'],
    ['255 bytes of UTF-8', LONG, LONG],
    ['percent signs and semicolons', '100%41 a;b=c.txt', '100%41 a;b=c.txt'],
    ['a way up', '../x', '___x'],
    ['an absolute path', '/etc/passwd', '_etc_passwd'],
    ['backslashes', '..\\..\\x.txt', '___.._x.txt'],
    ['quotes', 'the "best" one.txt', 'the _best_ one.txt'],
    ['a closing quote and a second name', 'a"; filename="b.exe', 'a_; filename=_b.exe'],
    ['line breaks', 'a\r\nSet-Cookie: x=1\n.txt', 'a Set-Cookie_ x=1 .txt'],
    ['a direction override', `invoice${RIGHT_TO_LEFT_OVERRIDE}fdp.exe`, 'invoicefdp.exe'],
    ['a leading dot', '.bashrc', '_bashrc'],
    ['a device name', 'CON', 'CON'],
    ['dots and blanks at the end', 'a.exe. . ', 'a.exe'],
  ])('%s', async (_what, name, saved) => {
    const file = await server.addFile(`content of ${name}`, { name });
    const { url } = await server.mint(file);

    const { download, content } = await downloadBy(page, () =>
      page.evaluate((address) => location.assign(address), url),
    );

    expect(download.suggestedFilename()).toBe(saved);
    expect(download.suggestedFilename()).not.toMatch(/[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    expect(content.toString()).toBe(`content of ${name}`);
  });

  it('a page and a picture, rather than showing them', async () => {
    for (const type of ['text/html', 'image/svg+xml', 'application/pdf']) {
      const file = await server.addFile('<script>document.title = "ran"</script>', { type });
      const { url } = await server.mint(file);

      await downloadBy(page, () => page.evaluate((address) => location.assign(address), url));

      expect(page.url()).toBe('about:blank');
      expect(await page.title()).toBe('');
    }
  });
});
