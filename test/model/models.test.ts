// The models of the protocol, checked with spin as `npm run model` does it: it holds, and each variant
// that lacks a safeguard is caught.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { startChild } from '../support/child.js';

interface Result {
  name: string;
  expected: 'holds' | 'broken';
  found: 'holds' | 'broken' | 'unfinished';
}

const SAFEGUARDS = [
  'without the fence',
  'without NX',
  'a marker’s life without the tolerance',
  'without the expiry check by the ledger’s clock',
  'without the margin (clock set back)',
  'without the deadline of a burn',
  'without the look at revocations',
  'permission read before the fence',
  'serving when the answer was lost',
  'a budget without the fence',
  'a budget without its limit',
  'sending first and paying afterwards',
  'giving back what was sent',
  'every response going on unpaid',
];

describe('the models of the protocol', () => {
  let results: Result[] = [];
  beforeAll(async () => {
    const script = fileURLToPath(new URL('../../../scripts/model.mjs', import.meta.url));
    const child = startChild(process.execPath, [script, '--json']);
    await child.ended;
    results = JSON.parse(child.output()) as Result[];
  }, 600_000);

  test('holds: no execution within the bounds burns one claim twice', () => {
    const real = results.filter(({ name }) => name.startsWith('the protocol'));
    expect(real).toHaveLength(2);
    for (const result of real) expect(result).toMatchObject({ found: 'holds' });
  });

  test('holds: no execution within the bounds sends more than the budget', () => {
    expect(results.find(({ name }) => name === 'the budget')).toMatchObject({ found: 'holds' });
  });

  test.each(SAFEGUARDS)('is broken: %s', (name) => {
    expect(results.find((result) => result.name === name)).toMatchObject({ found: 'broken' });
  });

  test('gives every other variant its expected result', () => {
    for (const result of results) expect(result).toMatchObject({ found: result.expected });
  });
});
