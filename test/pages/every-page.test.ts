// What holds for every page: nothing that people typed becomes markup, nothing that the CSP forbids,
// one heading, a title, labels, landmarks.
import { describe, expect, test } from '@jest/globals';
import { HOSTILE, samplePages } from './sample-pages.js';

const hostile = Object.entries(samplePages(HOSTILE));
const plain = Object.entries(samplePages('plain text'));

/** The opening tags of a document, each with its name and its attributes' text. */
function tagsOf(html: string): { name: string; attributes: string }[] {
  return [...html.matchAll(/<([a-z][a-z0-9]*)((?:\s+[^\s=>"]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, name = '', attributes = '']) => ({ name, attributes }),
  );
}

const shapeOf = (html: string) => tagsOf(html).map(({ name }) => name);

describe.each(hostile)('the page %s, given hostile texts', (name, html) => {
  test('has exactly the elements that it has for plain texts', () => {
    const [, harmless = ''] = plain.find(([each]) => each === name) ?? [];
    expect(shapeOf(html)).toEqual(shapeOf(harmless));
    expect(html).not.toContain('<img src=y');
    expect(html).not.toContain('<script>');
  });

  test('has no inline style, script or event handler, which the CSP would refuse', () => {
    for (const { name: tag, attributes } of tagsOf(html)) {
      const names = [...attributes.matchAll(/\s([^\s=>"]+)(?:="[^"]*")?/g)].map(([, each]) => each);
      expect({ tag, bad: names.filter((each) => /^(?:style|on.*)$/i.test(each ?? '')) }).toEqual({
        tag,
        bad: [],
      });
      expect(attributes).not.toMatch(/="\s*(?:javascript|data):/i);
    }
    expect(html).not.toMatch(/<style/i);
    expect(html.match(/<script[^>]*>[^<]*<\/script>/g)).toEqual([
      '<script type="module" src="/assets/app.js?v=1"></script>',
    ]);
  });
});

describe.each(plain)('the page %s', (_name, html) => {
  test('is a whole document with a language, a title, one h1 and one main', () => {
    expect(html).toMatch(/^<!doctype html><html lang="en">/);
    expect(html).toMatch(/<title>[^<]+ · claimcheck<\/title>/);
    expect(html.match(/<h1[ >]/g)).toHaveLength(1);
    expect(html.match(/<main /g)).toHaveLength(1);
    expect(html).toMatch(/<a class="skip-link" href="#main">/);
  });

  test('has a label for every field that a person fills in, and no id twice', () => {
    for (const { name, attributes } of tagsOf(html)) {
      if (!['input', 'select', 'textarea'].includes(name)) continue;
      if (/type="hidden"|\shidden/.test(attributes)) continue;
      const id = /\sid="([^"]+)"/.exec(attributes)?.[1];
      expect(html).toContain(`<label for="${id}"`);
    }
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('changes things by POST forms only', () => {
    for (const { name, attributes } of tagsOf(html)) {
      if (name !== 'form') continue;
      // Those that look something up change nothing.
      const looksUp = /method="get" action="\/(?:accounts|audit)"/.test(attributes);
      if (!looksUp) expect(attributes).toMatch(/method="post" action="\/[^/]/);
    }
  });
});
