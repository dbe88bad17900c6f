// What the person reads who gets a page instead of a file: in a language of theirs if there is one, when the file
// was fetched if it was, on a phone as on a desk, by day and by night.
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { chooseTexts, ENGLISH, type PageTexts } from '@claimcheck/download-server';
import { launchChromium } from '../support/chromium.js';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

let on: TestDownloadServer;
let browser: Browser;
beforeAll(async () => {
  on = await startTestDownloadServer();
  browser = await launchChromium();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await on.stop();
});

const PAGE = { accept: 'text/html' };

test('a used link says when it was used, and that it was this one', async () => {
  const { url, claim } = await on.mint(await on.addFile('content'));
  await fetch(url);
  const text = await (await fetch(url, { headers: PAGE })).text();
  const [from, to] = [claim.iat.slice(11, 16), claim.exp.slice(11, 16)];
  expect(text).toContain(`The file was fetched with this link between ${from} and ${to} (UTC) on `);
  expect(text).not.toContain('has not been used up');
});

test('a link that was not used says so', async () => {
  const file = await on.addFile('content');
  const { url } = await on.mint({ ...file, key: 'gone.bin' });
  const text = await (await fetch(url, { headers: PAGE })).text();
  expect(text).toContain('Nothing has been handed out, and the link has not been used up');
});

describe('the language', () => {
  const frisian: PageTexts = { ...ENGLISH, lang: 'fy' };
  const asked = (wanted: string) => (tags: string[]) => tags.find((tag) => tag === wanted) ?? false;

  it('is the reader’s where we have it, and else the first', () => {
    expect(chooseTexts(asked('fy'), [ENGLISH, frisian])).toBe(frisian);
    expect(chooseTexts(asked('kl'), [ENGLISH, frisian])).toBe(ENGLISH);
  });

  it('is English over HTTP whatever is asked for, as long as there is no other', async () => {
    for (const wanted of ['de', 'en-GB', '*', 'tlh;q=0', '']) {
      const headers = { ...PAGE, 'accept-language': wanted };
      const response = await fetch(`${on.url}/elsewhere`, { headers });
      expect(response.headers.get('vary')).toMatch(/Accept-Language/);
      expect(await response.text()).toContain('<html lang="en" dir="ltr">');
    }
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each([320, 390, 1280])('fits %i pixels, can be read, and says what to do', async (width) => {
    const context = await browser.newContext({
      colorScheme,
      javaScriptEnabled: true,
      viewport: { width, height: 800 },
    });
    const page = await context.newPage();
    const { url } = await on.mint(await on.addFile('content'));
    await fetch(url);
    await page.goto(url);
    const measured = await page.evaluate(() => {
      const style = (selector: string) =>
        getComputedStyle(document.querySelector(selector) as Element);
      return {
        content: document.documentElement.scrollWidth,
        ground: style('body').backgroundColor,
        text: style('h1').color,
        headings: document.querySelectorAll('h1').length,
        language: document.documentElement.lang,
        main: document.querySelectorAll('main').length,
      };
    });
    expect(measured).toMatchObject({ content: width, headings: 1, main: 1, language: 'en' });
    expect(contrast(measured.ground, measured.text)).toBeGreaterThan(7);
    expect(luminance(measured.ground) < 0.2).toBe(colorScheme === 'dark');
    await context.close();
  });
});

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(rgb: string): number {
  const [red = 0, green = 0, blue = 0] = (rgb.match(/\d+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
