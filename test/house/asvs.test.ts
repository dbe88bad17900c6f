// docs/asvs.md is a claim about this tree, and claims go stale: each requirement stands in it exactly once, each
// file that it names is there, and each test that it names is a test of that name in that file.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = readFileSync(join(root, 'docs/asvs.md'), 'utf8');

/** OWASP ASVS 5.0.0: section, and the level of each of its requirements in order. */
const REQUIREMENTS: Readonly<Record<string, string>> = {
  '6.1': '122',
  '6.2': '111111112222',
  '6.3': '11223333',
  '6.4': '112233',
  '6.5': '22222333',
  '6.6': '2223',
  '6.7': '33',
  '6.8': '2222',
  '7.1': '222',
  '7.2': '1111',
  '7.3': '22',
  '7.4': '11222',
  '7.5': '223',
  '7.6': '22',
  '9.1': '111',
  '9.2': '1222',
  '10.1': '22',
  '10.2': '223',
  '10.5': '22222',
};
const expected = Object.entries(REQUIREMENTS).flatMap(([section, levels]) =>
  Array.from(levels, (level, i) => `${section}.${i + 1} L${level}`),
);

interface Line {
  id: string;
  level: string;
  asks: string;
  met: string;
  how: string;
  shown: string;
}

const lines = page
  .split('\n')
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .filter(([, id = '']) => /^\d+\.\d+\.\d+$/.test(id))
  .map(([, id = '', level = '', asks = '', met = '', how = '', shown = '']): Line => {
    return { id, level, asks, met, how, shown };
  });

/** `test/x/y.test.ts` › name of a test; several are parted by `<br>`. */
const named = lines.flatMap(({ id, shown }) =>
  (shown === '–' ? [] : shown.split('<br>')).map((one) => {
    const [, file, name] = /^`(test\/\S+\.test\.ts)` › (.+)$/.exec(one.trim()) ?? [];
    return { id, one, file, name };
  }),
);

describe('docs/asvs.md', () => {
  test('has each requirement of its chapters exactly once, in order, with its level', () => {
    expect(lines.map(({ id, level }) => `${id} L${level}`)).toEqual(expected);
  });

  test('says of each whether it is met, what it asks for and how that is done', () => {
    for (const { id, asks, met, how } of lines) {
      expect(`${id} ${met}`).toMatch(/ (?:yes|partly|no|n\/a)$/);
      expect(asks.length).toBeGreaterThan(10);
      expect(how.length).toBeGreaterThan(10);
    }
  });

  test('counts rightly how many are met', () => {
    const count = (level: number, met: string) =>
      lines.filter((line) => Number(line.level) <= level && line.met === met).length;
    for (const level of [1, 2, 3]) {
      const numbers = ['yes', 'partly', 'no', 'n/a'].map((met) => count(level, met));
      expect(page.replace(/ +/g, ' ')).toContain(`| ${level} | ${numbers.join(' | ')} |`);
    }
  });

  test('names files that there are', () => {
    const files = [...page.matchAll(/`((?:packages|test|docs|scripts)\/[^`\s]+)`/g)];
    const linked = [...page.matchAll(/\]\(([a-z-]+\.md)/g)].map(([, file]) => `docs/${file}`);
    const all = [...files.map(([, file = '']) => file), ...linked];
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('names tests that there are, in their files', () => {
    expect(named.filter(({ file }) => file === undefined)).toEqual([]);
    const missing = named.filter(({ file = '', name = '' }) => {
      const path = join(root, file);
      return !existsSync(path) || !isTestIn(readFileSync(path, 'utf8'), name);
    });
    expect(missing.map(({ id, one }) => `${id}: ${one}`)).toEqual([]);
  });

  test('names a test for each requirement that it calls met, or says why there is none', () => {
    const bare = lines.filter(({ met, shown, how }) => {
      return met === 'yes' && shown === '–' && !/no test|there is none/i.test(how);
    });
    expect(bare.map(({ id }) => id)).toEqual([]);
  });
});

/** Whether a string of this text stands where tests are named: first in the brackets of test, it or an each. */
function isTestIn(source: string, name: string): boolean {
  const written = [`'${name.replaceAll("'", "\\'")}'`, `\`${name}\``, `"${name}"`];
  return written.some((text) => {
    const at = source.indexOf(text);
    return at > 0 && /(?:\b(?:test|it)(?:\.\w+)?|\))\(\s*$/.test(source.slice(0, at));
  });
}
