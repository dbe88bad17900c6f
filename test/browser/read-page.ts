// What a person would judge by eye, read out of a page: how its texts stand out from their ground,
// what the Tab key reaches, and what axe-core finds. The functions that run in the page are whole in themselves.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as Axe from 'axe-core';
import type { Page } from 'playwright-core';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** A text that shows, in CSS colours. */
interface TextColours {
  text: string;
  ink: string;
  /** The nearest opaque ground behind it. */
  ground: string;
}

export interface Legibility {
  /** Each text with its WCAG contrast ratio, 1 to 21. */
  texts: { text: string; contrast: number }[];
  groundIsDark: boolean;
}

export async function readLegibility(page: Page): Promise<Legibility> {
  const colours = await page.evaluate(readColours);
  const grounds = await page.evaluate(() =>
    [document.body, document.documentElement].map((e) => getComputedStyle(e).backgroundColor),
  );
  const pageGround = grounds.find((colour) => colour.startsWith('rgb(')) ?? 'rgb(255, 255, 255)';
  return {
    texts: colours.map(({ text, ink, ground }) => ({ text, contrast: contrastOf(ink, ground) })),
    groundIsDark: luminanceOf(pageGround) < 0.2,
  };
}

/** WCAG 2.2, "contrast ratio". */
function contrastOf(ink: string, ground: string): number {
  const [one, other] = [luminanceOf(ink), luminanceOf(ground)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** WCAG 2.2, "relative luminance", of a colour as `getComputedStyle` gives it. */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(toLinear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function toLinear(digits: string): number {
  const value = Number(digits) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Runs in the page. */
function readColours(): TextColours[] {
  const found: TextColours[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (!element || text === '' || !element.checkVisibility()) continue;
    let ground = 'rgb(255, 255, 255)';
    for (let at: Element | null = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!backgroundColor.startsWith('rgb(')) continue;
      ground = backgroundColor;
      break;
    }
    found.push({ text, ink: getComputedStyle(element).color, ground });
  }
  return found;
}

/** Runs in the page: everything that the Tab key must reach, in the order of the document. */
export function readTabStops(): string[] {
  const stops = document.querySelectorAll<HTMLElement>(
    'a[href], button, input, select, textarea, summary',
  );
  const shown = [...stops].filter((stop) => stop.checkVisibility() && stop.tabIndex >= 0);
  for (const [i, stop] of shown.entries()) {
    stop.dataset['stop'] = `${i} ${stop.tagName} ${stop.id || (stop.textContent ?? '').trim()}`;
  }
  return shown.map((stop) => stop.dataset['stop'] ?? '');
}

/** Presses Tab so often from the top of the page, and says where it got and whether that shows. */
export async function walkByTab(
  page: Page,
  times: number,
): Promise<{ stop: string; outlined: boolean }[]> {
  const walked: { stop: string; outlined: boolean }[] = [];
  await page.evaluate(() => {
    // From here the next Tab goes to the first stop, also where a page begins in a field.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  for (let presses = 0; walked.length < times && presses < 4 * times; presses += 1) {
    await page.keyboard.press('Tab');
    const { isInParts, ...at } = await page.evaluate(() => {
      const stop = document.activeElement as HTMLElement;
      // The file input is the whole upload box, which is outlined in its stead.
      const box = stop.closest('form#upload') ?? stop;
      const { outlineStyle, outlineWidth } = getComputedStyle(box);
      return {
        stop: stop.dataset['stop'] ?? stop.tagName,
        outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        isInParts: stop instanceof HTMLInputElement && stop.type === 'date',
      };
    });
    // Day, month, year and the calendar's button are stops of one field.
    if (!(isInParts && walked.at(-1)?.stop === at.stop)) walked.push(at);
  }
  return walked;
}

/** What axe-core finds serious or worse, each with the elements it is about. */
export async function readFindings(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const { violations } = await page.evaluate(
    async () => await (window as unknown as { axe: typeof Axe }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
