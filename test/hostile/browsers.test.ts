// Browsers that differ from what a server would like: a clock that is five minutes off, and a Chromium
// whose page is submitted by a program instead of a person.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { downloadBy, startBrowsing, type Browsing } from '../browser/start-browsing.js';
import { makeLink, readLink } from '../links/press-link.js';
import { upload } from '../system/start-system.js';
import { createHash } from 'node:crypto';

const SIZE = 6_000_000;

let browsing: Browsing;
beforeAll(async () => {
  browsing = await startBrowsing();
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

async function offer() {
  const sender = await browsing.system.signIn();
  const { id, content } = await upload(sender, SIZE, 'report.bin');
  const link = await makeLink(sender, id);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { sender, link, sha256 };
}

describe('a browser whose clock is off', () => {
  it.each([-5, 5])('by %i minutes fetches the file like any other', async (minutes) => {
    const { link, sha256 } = await offer();
    const page = await browsing.open();
    await page.clock.install({ time: Date.now() + minutes * 60_000 });
    await page.goto(link.url);
    const got = await downloadBy(page, () =>
      page.getByRole('button', { name: 'Download' }).click(),
    );
    expect(got.sha256).toBe(sha256);
    await page.context().close();
  });
});

describe('a Chromium that a scanner drives', () => {
  it.each<[string, () => void]>([
    ['presses every button by script', pressAll],
    ['submits every form by script', submitAll],
  ])('and that %s gets nothing, and the person afterwards does', async (_, act) => {
    const { sender, link, sha256 } = await offer();
    const scanner = await browsing.open();
    await scanner.addInitScript(act);
    await scanner.goto(link.url);
    await scanner.getByRole('alert').getByText('Press the button once more').waitFor();
    const { copiesUsed, timeline } = await readLink(sender, link.id);
    expect(copiesUsed).toBe(0);
    expect(timeline.map(({ kind }) => kind)).toContain('held-back');
    expect(timeline.map(({ kind }) => kind)).not.toContain('started');
    await scanner.context().close();

    const person = await browsing.open();
    await person.goto(link.url);
    const got = await downloadBy(person, () =>
      person.getByRole('button', { name: 'Download' }).click(),
    );
    expect(got.sha256).toBe(sha256);
    await person.context().close();
  });
});

/** Runs in the page, on the first one alone: the answer would be submitted for ever. */
function pressAll(): void {
  addEventListener('load', () => {
    if (document.querySelector('[role=alert]')) return;
    for (const button of document.querySelectorAll<HTMLElement>('main button')) button.click();
  });
}

function submitAll(): void {
  addEventListener('load', () => {
    if (document.querySelector('[role=alert]')) return;
    for (const form of document.querySelectorAll('form')) form.submit();
  });
}
