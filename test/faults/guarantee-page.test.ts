// docs/guarantee.md promises nothing that no test shows: each row of its table names tests that exist.
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/guarantee.md', root), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!set-up|-)/.test(line));

describe('the page of the guarantee', () => {
  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  test.each(rows)('%s', (row) => {
    const shownBy = row.split('|').at(-2) ?? '';
    const cited = [...shownBy.matchAll(/`(test\/[^`]+)` “([^”]+)”/g)];
    expect(cited).not.toHaveLength(0);
    for (const [, file = '', name = ''] of cited) {
      expect(existsSync(new URL(file, root))).toBe(true);
      expect(readFileSync(new URL(file, root), 'utf8').replaceAll(/\s+/g, ' ')).toContain(name);
    }
  });
});
