// Reading the trail: filters that narrow it down together, pages without gap or repetition, and the export,
// which is whole, streamed, and harmless in a spreadsheet.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recordAudits, type OpenDatabase } from '@claimcheck/app-server';
import type { Client } from '../app/client.js';
import { ADMIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { openBeside, readTrail, type Entry } from './read-trail.js';

/** A day on which only this test did anything. */
const DAY_MS = Date.UTC(2026, 0, 10);
const HOUR_MS = 60 * 60_000;
const MANY = 1201;

let app: TestAppServer;
let beside: OpenDatabase;
let admin: Client;
let adminId: string;
beforeAll(async () => {
  app = await startTestAppServer({ databaseUrl: await createDatabase() });
  beside = await openBeside(app);
  admin = await app.signedIn();
  ({ id: adminId } = (await (await admin.get('/api/account')).json()) as { id: string });
  for (let i = 0; i < 24; i += 1) {
    await recordAudits(
      beside.db,
      [
        {
          action: i % 2 === 0 ? 'file.uploaded' : 'link.pressed',
          actorId: i % 3 === 0 ? adminId : null,
          accountId: i % 4 === 0 ? 'gone' : adminId,
          subject: `file:${i % 6}`,
          address: `192.0.2.${i % 5}`,
          details: { i },
        },
      ],
      DAY_MS + i * HOUR_MS,
    );
  }
});
afterAll(async () => {
  await beside.close();
  await app.stop();
});

const ofThatDay = { from: '2026-01-10', to: '2026-01-10' };
const hours = (entries: readonly Entry[]) => entries.map(({ details }) => details['i']);
const which = (fits: (i: number) => boolean) =>
  Array.from({ length: 24 }, (_, i) => 23 - i).filter(fits);

describe('a filter', () => {
  test.each<[string, Record<string, string>, (i: number) => boolean]>([
    ['of a day, with its end', {}, () => true],
    ['by action', { action: 'link.pressed' }, (i) => i % 2 === 1],
    ['by the e-mail address of who did it', { actor: ` ${ADMIN.email}` }, (i) => i % 3 === 0],
    ['by nobody', { actor: 'none' }, (i) => i % 3 !== 0],
    ['by the id of an account that is gone', { account: 'gone' }, (i) => i % 4 === 0],
    ['by an address that has no account', { account: 'no@example.org' }, () => false],
    ['by subject', { subject: 'file:2' }, (i) => i % 6 === 2],
    ['by address', { address: '192.0.2.4' }, (i) => i % 5 === 4],
    [
      'by instants',
      { from: '2026-01-10T05:00Z', to: '2026-01-10T07:00' },
      (i) => i === 5 || i === 6,
    ],
    ['by zone', { to: '2026-01-10T03:00:00+01:00' }, (i) => i < 2],
    [
      'by all of them',
      { action: 'file.uploaded', actor: 'none', account: 'gone', address: '192.0.2.4' },
      (i) => i === 4,
    ],
    ['that is empty, as a form sends it', { action: '', actor: '', subject: ' ' }, () => true],
  ])('%s lets through exactly what fits', async (_, filter, fits) => {
    expect(hours(await readTrail(admin, { ...ofThatDay, ...filter }))).toEqual(which(fits));
  });

  test.each([
    ['action', 'file.eaten'],
    ['actor', 'no address@'],
    ['from', 'yesterday'],
    ['from', '2026-13-40'],
    ['to', '2026-01-10T25:00Z'],
    ['limit', '501'],
    ['after', 'x'],
  ])('%s of “%s” is refused by its name', async (name, value) => {
    const query = new URLSearchParams({ [name]: value });
    for (const path of ['/api/audit', '/audit']) {
      const response = await admin.get(`${path}?${query}`);
      expect([response.status, await response.text()]).toEqual([
        422,
        expect.stringContaining(`${name}: `),
      ]);
    }
    const twice = await admin.get('/api/audit?action=file.uploaded&action=file.deleted');
    expect(twice.status).toBe(422);
  });

  test('is kept from page to page, without gap or repetition', async () => {
    const seen: Entry[] = [];
    let path: string | undefined = '/api/audit?from=2026-01-10&to=2026-01-10&actor=none&limit=3';
    while (path !== undefined) {
      const response: Response = await admin.get(path);
      const page = (await response.json()) as { entries: Entry[]; next?: string };
      expect(page.entries.length).toBeLessThanOrEqual(3 * 100);
      seen.push(...page.entries);
      path = page.next === undefined ? undefined : `${page.next}&limit=3`;
    }
    expect(hours(seen)).toEqual(which((i) => i % 3 !== 0));
  });

  test('of the page holds what was asked for, and leads to the same export', async () => {
    const page = await (
      await admin.get('/audit?action=link.pressed&address=192.0.2.1&from=2026-01-10')
    ).text();
    expect(page).toContain('<option value="link.pressed" selected>pressed a link</option>');
    expect(page).toContain('name="address" value="192.0.2.1"');
    expect(page).toContain(
      'href="/audit/export.csv?action=link.pressed&amp;address=192.0.2.1&amp;from=2026-01-10"',
    );
    expect(page).toContain('Pressed a link');
  });
});

describe('the export', () => {
  test('holds every entry once, however many pages there are, with the head on top', async () => {
    const many = Array.from({ length: MANY }, (_, i) => ({
      action: 'claim.minted' as const,
      actorId: null,
      address: '203.0.113.1',
      details: { mode: String(i) },
    }));
    await recordAudits(beside.db, many, DAY_MS - HOUR_MS);
    const response = await admin.get('/api/audit.csv?address=203.0.113.1');
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="audit.csv"');
    const bytes = Buffer.from(await response.arrayBuffer());
    const lines = bytes.toString('utf8').split('\r\n');
    expect(lines[0]).toBe(
      '\ufeffat,action,what,actor,actor e-mail,account,account e-mail,subject,address,details',
    );
    expect(lines.at(-1)).toBe('');
    const modes = lines.slice(1, -1).map((line) => /""mode"":""(\d+)""/.exec(line)?.[1]);
    expect(new Set(modes).size).toBe(MANY);
    expect(modes).toHaveLength(MANY);
  });

  test('writes what a spreadsheet would take for a formula as text', async () => {
    const subject = '=1+1';
    const fact = { action: 'file.deleted' as const, actorId: adminId, address: '@x', subject };
    await recordAudits(beside.db, [fact], Date.now());
    const text = await (await admin.get(`/audit/export.csv?actor=${adminId}`)).text();
    expect(text).toContain(",'=1+1,'@x,");
    for (const line of text.split('\r\n').slice(1)) expect(line).not.toMatch(/(^|,)"?[=+@-]/);
    expect(text).toContain(ADMIN.email);
  });

  test('that breaks off does not look whole', async () => {
    const address = '203.0.113.2';
    const fact = { action: 'claim.minted' as const, actorId: null, address };
    await recordAudits(
      beside.db,
      Array.from({ length: 600 }, () => fact),
      DAY_MS,
    );
    const damaged = { id: 'damaged', action: fact.action, address, details: 'no JSON' };
    await beside.db
      .insertInto('audit_entry')
      .values({
        ...damaged,
        created_at: new Date(0),
        actor_id: null,
        account_id: null,
        subject: null,
      })
      .execute();
    const response = await admin.get(`/api/audit.csv?address=${address}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(app.logged()).toContain('an export of the audit trail broke off');
  });
});
