// Whatever opens links before their recipient does: mail scanners, chat previews, programs that post
// forms, prefetching browsers. None of them gets the file, and the person afterwards does.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BY_PROGRAM, CLICKED } from '../links/press-link.js';
import { startHostile, type Hostile, type Offer } from './hostile-links.js';
import { SCANNERS } from './scanner-agents.js';

let hostile: Hostile;
beforeAll(async () => {
  hostile = await startHostile();
}, 120_000);
afterAll(() => hostile.stop());

/** The person opens the mail after the program: the page offers the file, and it comes whole, once. */
async function expectPersonGetsIt({ link, content, until }: Offer): Promise<void> {
  const { fetchClaim, copiesOut, recipient } = hostile;
  expect(copiesOut(content)).toBe(0);
  const person = recipient();
  const page = await person.open(link.url);
  expect(page.status).toBe(200);
  expect(page.words).toContain('sent you annual report.pdf (8.4\u00a0MB)'.replace('\u00a0', ' '));
  const { claimUrl = '' } = await person.press(link.url, page);
  const got = await fetchClaim(claimUrl);
  expect(got.body.equals(content)).toBe(true);
  expect(await until('finished')).toMatchObject({ copiesUsed: 1, copiesFinished: 1 });
  expect(copiesOut(content)).toBe(1);
}

describe('a mail scanner that opens the link', () => {
  test('with GET and HEAD under 20 real names sees the page, and the person still gets the file', async () => {
    const offer = await hostile.offer();
    const scanner = hostile.recipient();
    expect(SCANNERS).toHaveLength(20);
    for (const userAgent of SCANNERS) {
      const headers = { 'User-Agent': userAgent };
      const head = await scanner.client.request('HEAD', new URL(offer.link.url).pathname, {
        headers,
      });
      expect([head.status, head.headers.get('Set-Cookie')]).toEqual([200, null]);
      const page = await scanner.open(offer.link.url, headers);
      expect([page.status, page.html.includes('/d/')]).toEqual([200, false]);
      expect(page.html).not.toMatch(/http-equiv|onload|autosubmit/i);
    }
    const { state, copiesUsed } = await offer.told();
    expect([state, copiesUsed]).toEqual(['seen', 0]);
    await expectPersonGetsIt(offer);
  });

  test('by HEAD alone is not told as the page being seen', async () => {
    const offer = await hostile.offer();
    await hostile.recipient().client.request('HEAD', new URL(offer.link.url).pathname);
    expect((await offer.told()).state).toBe('waiting');
  });
});

describe('Telegram, then the human', () => {
  test('the preview shows nothing of the file, the press a minute later gets it', async () => {
    const offer = await hostile.offer();
    const preview = await hostile.recipient().open(offer.link.url, {
      'User-Agent': 'TelegramBot (like TwitterBot)',
      Range: 'bytes=0-262143',
    });
    expect(preview.status).toBe(200);
    expect(preview.html).toContain('<meta name="robots" content="noindex"');
    expect(preview.html).not.toContain('og:');
    await expectPersonGetsIt(offer);
  });
});

describe('a scanner that submits the forms it finds', () => {
  const bySubmitting: [string, (page: Record<string, string>) => Record<string, string>][] = [
    ['with the button’s value', (fields) => ({ ...fields, press: 'download' })],
    ['without a button', (fields) => fields],
    ['with every field filled in', () => ({ view: 'a', press: 'a', code: 'a' })],
    ['empty', () => ({})],
    ['without having read the page', () => ({ press: 'download' })],
  ];
  test.each(bySubmitting)('%s, at once, is asked to press again', async (_, submit) => {
    const offer = await hostile.offer();
    const scanner = hostile.recipient();
    const page = await scanner.open(offer.link.url);
    const path = new URL(offer.link.url).pathname;
    const answer = await scanner.client.request('POST', path, {
      body: new URLSearchParams(submit(page.form?.hidden ?? {})),
      headers: { ...BY_PROGRAM, Accept: 'text/html' },
    });
    expect([answer.status, answer.headers.get('Location')]).toEqual([409, null]);
    expect(await answer.text()).toContain('Press the button once more');
    const { timeline, copiesUsed } = await offer.told();
    expect(timeline.map(({ kind }) => kind)).toContain('held-back');
    expect(copiesUsed).toBe(0);
    await expectPersonGetsIt(offer);
  });

  test('in a Chromium that submits by script is known by the missing Sec-Fetch-User', async () => {
    const offer = await hostile.offer();
    const scanner = hostile.recipient();
    const page = await scanner.open(offer.link.url);
    const { 'Sec-Fetch-User': _, ...headers } = CLICKED;
    const answer = await scanner.press(offer.link.url, page, { headers });
    expect([answer.status, answer.claimUrl]).toEqual([409, undefined]);
    await expectPersonGetsIt(offer);
  });

  test('with the form of another link’s page gets nothing', async () => {
    const [offer, other] = [await hostile.offer(), await hostile.offer()];
    const scanner = hostile.recipient();
    const page = await scanner.open(other.link.url);
    const answer = await scanner.press(offer.link.url, page);
    expect([answer.status, answer.claimUrl]).toEqual([409, undefined]);
    await expectPersonGetsIt(offer);
  });

  test('from a page of another site is refused before anything', async () => {
    const offer = await hostile.offer();
    const scanner = hostile.recipient();
    const page = await scanner.open(offer.link.url);
    const headers = { ...CLICKED, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const answer = await scanner.press(offer.link.url, page, { headers });
    expect([answer.status, answer.claimUrl]).toEqual([403, undefined]);
    await expectPersonGetsIt(offer);
  });
});

describe('a browser that prefetches the link', () => {
  test.each([
    { 'Sec-Purpose': 'prefetch' },
    { 'Sec-Purpose': 'prefetch;prerender' },
    { Purpose: 'prefetch' },
    { Purpose: 'preview' },
  ])('with %j gets the page, is not told as seen, and cannot press', async (purpose) => {
    const offer = await hostile.offer();
    const browser = hostile.recipient();
    const headers = Object.fromEntries(Object.entries(purpose));
    const page = await browser.open(offer.link.url, headers);
    expect(page.status).toBe(200);
    expect((await offer.told()).state).toBe('waiting');
    const pressed = await browser.press(offer.link.url, page, {
      headers: { ...CLICKED, ...headers },
    });
    expect([pressed.status, pressed.claimUrl]).toEqual([409, undefined]);
    await expectPersonGetsIt(offer);
  });
});
