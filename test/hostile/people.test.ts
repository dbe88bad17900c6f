// People and their devices: two at once, eight presses at once, pressing again too early, too late, after
// a drop and from another network. The file leaves as often as its sender allowed, and never as a dead link.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { budgetOf } from '@claimcheck/shared/claim';
import { CLICKED } from '../links/press-link.js';
import { FILE_BYTES, startHostile, type Hostile } from './hostile-links.js';

let hostile: Hostile;
beforeAll(async () => {
  hostile = await startHostile();
}, 120_000);
afterAll(() => hostile.stop());

const TOKEN = /\/d\/([^/]+)/;
const tokenOf = (url: string | undefined) => TOKEN.exec(url ?? '')?.[1];

describe('two devices at once', () => {
  test('get the same claim, and together no more than one copy and its allowance', async () => {
    const { link, content, until } = await hostile.offer();
    const [phone, desk] = [hostile.recipient(), hostile.recipient()];
    const pages = [await phone.open(link.url), await desk.open(link.url)];
    const [a, b] = await Promise.all([
      phone.press(link.url, pages[0] ?? raise()),
      desk.press(link.url, pages[1] ?? raise()),
    ]);
    expect(tokenOf(a.claimUrl)).toBeDefined();
    expect(tokenOf(a.claimUrl)).toBe(tokenOf(b.claimUrl));
    const got = await Promise.all([a, b].map(({ claimUrl = '' }) => hostile.fetchClaim(claimUrl)));
    const received = got.reduce((sum, { body }) => sum + body.length, 0);
    expect(received).toBeLessThanOrEqual(budgetOf(FILE_BYTES));
    expect(hostile.copiesOut(content)).toBeLessThanOrEqual(1);
    if (hostile.copiesOut(content) === 1) await until('finished');
  });

  test('of two people with two copies allowed each gets a whole one, told apart by a cookie', async () => {
    const { link, content, until } = await hostile.offer({ copies: 2 });
    const [ann, bob] = [hostile.recipient(), hostile.recipient()];
    const first = await ann.take(link.url);
    const again = await ann.take(link.url);
    const second = await bob.take(link.url);
    expect(tokenOf(again.claimUrl)).toBe(tokenOf(first.claimUrl));
    expect(tokenOf(second.claimUrl)).not.toBe(tokenOf(first.claimUrl));
    for (const { claimUrl = '' } of [first, second]) {
      expect((await hostile.fetchClaim(claimUrl)).body.equals(content)).toBe(true);
    }
    expect(await until('finished')).toMatchObject({ copiesUsed: 2, copiesFinished: 2 });
    expect((await hostile.recipient().open(link.url)).words).toContain(
      'This link has been used up',
    );
    expect(hostile.copiesOut(content)).toBe(2);
  });

  test('a browser without cookies goes on with the copy that is unfinished', async () => {
    const { link } = await hostile.offer({ copies: 2 });
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < 2; i += 1) {
      const browser = hostile.recipient();
      const page = await browser.open(link.url);
      browser.client.cookies.clear();
      taken.push(tokenOf((await browser.press(link.url, page)).claimUrl));
    }
    expect(taken[0]).toBeDefined();
    expect(taken[1]).toBe(taken[0]);
  });
});

describe('eight presses at once', () => {
  test.each([1, 3])('of a link with %i copies give no more claims than copies', async (copies) => {
    const { link, content } = await hostile.offer({ copies });
    const browsers = Array.from({ length: 8 }, () => hostile.recipient());
    const pages = await Promise.all(browsers.map((browser) => browser.open(link.url)));
    const pressed = await Promise.all(
      browsers.map((browser, i) => browser.press(link.url, pages[i] ?? raise())),
    );
    expect(pressed.map(({ status }) => status)).toEqual(Array<number>(8).fill(303));
    const urls = new Set(pressed.map(({ claimUrl }) => claimUrl ?? ''));
    expect(urls.size).toBe(copies);
    let received = 0;
    for (const url of urls) received += (await hostile.fetchClaim(url)).body.length;
    expect(received).toBe(copies * FILE_BYTES);
    expect(hostile.copiesOut(content)).toBe(copies);
  });
});

describe('a click on a link whose file was fetched', () => {
  test('says that it was, and when; the sender reads that someone tried again', async () => {
    const { link, content, until, told } = await hostile.offer();
    const person = hostile.recipient();
    const stale = await person.open(link.url);
    const { claimUrl = '' } = await person.press(link.url, stale);
    await hostile.fetchClaim(claimUrl);
    await until('finished');
    // The claim's own address hands out nothing more either, however much of its allowance is left.
    const second = await hostile.fetchClaim(claimUrl, { Accept: 'application/json' });
    expect(second.body.toString()).toContain('urn:claimcheck:problem:already-used');
    const page = await person.open(link.url);
    expect([page.status, page.form]).toEqual([410, undefined]);
    expect(page.words).toMatch(
      /This link has been used up It was downloaded completely on \d+ \w+ \d{4}, \d\d:\d\d/,
    );
    const pressed = await person.press(link.url, stale);
    expect([pressed.status, pressed.claimUrl]).toEqual([410, undefined]);
    expect(pressed.words).toContain('look in your downloads');
    expect((await told()).timeline.map(({ kind }) => kind)).toContain('refused');
    expect(hostile.copiesOut(content)).toBe(1);
  });
});

describe('a download that drops at 30 %', () => {
  // Its allowance is above what the kernels of both sides take of a connection that then breaks.
  const BYTES = 40 * 1024 * 1024;

  test('is finished by a press from another network, and counts once', async () => {
    const { link, content, until } = await hostile.offer({}, undefined, BYTES);
    const train = hostile.recipient();
    const { claimUrl = '' } = await train.take(link.url);
    const part = await hostile.fetchClaim(claimUrl, {}, Math.floor(BYTES * 0.3));
    expect(part.whole).toBe(false);
    await until('interrupted');

    const home = hostile.recipient();
    const page = await home.open(link.url, { 'X-Forwarded-For': '203.0.113.9' });
    expect(page.words).toMatch(/The download was interrupted after .* of 41\.9/);
    expect(page.words).toContain('Continue the download');
    const again = await home.press(link.url, page);
    expect(again.claimUrl).toBe(claimUrl);
    const rest = await hostile.fetchClaim(again.claimUrl ?? '', {
      Range: `bytes=${part.body.length}-`,
      'User-Agent': 'another device',
    });
    expect(Buffer.concat([part.body, rest.body]).equals(content)).toBe(true);
    const { timeline, copiesUsed } = await until('finished');
    expect(copiesUsed).toBe(1);
    expect(timeline.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['started', 'broken-off', 'resumed', 'finished']),
    );
  });

  test('and is begun from the start by a browser that kept nothing comes whole', async () => {
    const { link, content, until } = await hostile.offer({}, undefined, BYTES);
    const browser = hostile.recipient();
    const { claimUrl = '' } = await browser.take(link.url);
    await hostile.fetchClaim(claimUrl, {}, Math.floor(BYTES * 0.1));
    await until('interrupted');
    const again = await hostile.recipient().take(link.url);
    const whole = await hostile.fetchClaim(again.claimUrl ?? '');
    expect(whole.body.equals(content)).toBe(true);
    expect(await until('finished')).toMatchObject({ copiesUsed: 1 });
  });
});

describe('a code that is guessed', () => {
  test('five times locks for a while, says so, and hands nothing out', async () => {
    const { link, content, told } = await hostile.offer({ code: true });
    const guesser = hostile.recipient();
    const page = await guesser.open(link.url);
    expect(page.words).toContain('Six digits, which the sender gives you by another way.');
    const wrong = link.code === '111111' ? '222222' : '111111';
    const guess = (code: string) => guesser.press(link.url, page, { fields: { code } });
    for (let i = 0; i < 4; i += 1) {
      const answer = await guess(wrong);
      expect([answer.status, answer.words.includes('That is not the code')]).toEqual([403, true]);
    }
    expect((await guess(wrong)).status).toBe(429);
    const locked = await guess(link.code ?? '');
    expect([locked.status, locked.claimUrl]).toEqual([429, undefined]);
    expect(locked.words).toMatch(/Wait 15 minutes, or ask the sender to send the link again/);
    expect((await told()).timeline.map(({ kind }) => kind)).toContain('code-wrong');
    expect(hostile.copiesOut(content)).toBe(0);

    const sent = await hostile.sender.json('POST', `/api/links/${link.id}/send`, {});
    const fresh = (await sent.json()) as { url: string; code: string };
    const { claimUrl = '' } = await guesser.take(fresh.url, { code: fresh.code });
    expect((await hostile.fetchClaim(claimUrl)).body.equals(content)).toBe(true);
  });

  test('by 40 at once is looked at five times at most', async () => {
    const { link } = await hostile.offer({ code: true });
    const guesser = hostile.recipient();
    const page = await guesser.open(link.url);
    const wrong = link.code === '111111' ? '222222' : '111111';
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => guesser.press(link.url, page, { fields: { code: wrong } })),
    );
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(36);
  });
});

describe('a link that the mail client damaged', () => {
  test.each<[string, (url: string) => string]>([
    ['a full stop taken along', (url) => `${url}.`],
    ['a bracket taken along', (url) => `${url})`],
    ['an equals sign of quoted-printable in it', (url) => `${url.slice(0, -6)}=${url.slice(-6)}`],
    ['a line break in it', (url) => `${url.slice(0, -6)}%0D%0A${url.slice(-6)}`],
    ['capitals', (url) => url.replace(/[^/]+$/, (handle) => handle.toUpperCase())],
    ['a tracking parameter added', (url) => `${url}?utm_source=mail`],
  ])('by %s still leads to the file', async (_, damage) => {
    const { link, content } = await hostile.offer();
    const damaged = damage(link.url);
    const { claimUrl = '' } = await hostile.recipient().take(damaged);
    expect((await hostile.fetchClaim(claimUrl)).body.equals(content)).toBe(true);
    expect(hostile.copiesOut(content)).toBe(1);
  });

  test.each<[string, (url: string) => string]>([
    ['cut in the middle', (url) => url.slice(0, -10)],
    ['cut to nothing', (url) => url.replace(/[^/]+$/, '0')],
    ['another one', (url) => url.replace(/[^/]+$/, 'a'.repeat(32))],
  ])('%s says to open it from the mail, and nothing of any file', async (_, damage) => {
    const { link, content } = await hostile.offer();
    const page = await hostile.recipient().open(damage(link.url));
    expect(page.status).toBe(404);
    expect(page.words).toContain('There is no such link It may have been cut short');
    expect(page.words).not.toContain('annual report');
    const pressed = await hostile.recipient().client.request('POST', '/l/aaaa', {
      body: new URLSearchParams({ press: 'download' }),
      headers: CLICKED,
    });
    expect(pressed.status).toBe(404);
    expect(hostile.copiesOut(content)).toBe(0);
  });
});

function raise(): never {
  throw new Error('a page is missing');
}
