// docs/audit.md names every action with its details, and nothing that there is not.
import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { AUDIT_ACTIONS } from '@claimcheck/app-server';

test('docs/audit.md has exactly the actions of the trail, each with its details', async () => {
  const page = await readFile(new URL('../../../docs/audit.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+\.[a-z-]+)` +\| ([^|]+?) +\|([^|]*)\|$/gm)];
  const documented = rows.map(([, action, words, details = '']) => ({
    action,
    said: (words ?? '') !== '',
    details: [...details.matchAll(/`([A-Za-z]+)`/g)].map(([, name]) => String(name)).toSorted(),
  }));
  const known = Object.entries(AUDIT_ACTIONS).map(([action, { details }]) => ({
    action,
    said: true,
    details: [...details].toSorted(),
  }));
  const byName = (a: { action?: string | undefined }, b: { action?: string | undefined }) =>
    String(a.action).localeCompare(String(b.action));
  expect(documented.toSorted(byName)).toEqual(known.toSorted(byName));
});
