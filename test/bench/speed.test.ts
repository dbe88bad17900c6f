// The speed bench in its smallest form: every case goes through, says what it measured, and says what it could not.
// The figures themselves mean nothing here.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startChild } from '../support/child.js';

const SPEED = fileURLToPath(new URL('../../../bench/speed.mjs', import.meta.url));
const WITHIN_MS = 480_000;

interface Report {
  proofs: Record<string, Record<string, unknown>>;
  cases: {
    title: string;
    contenders: Record<string, Record<string, number>>;
    ratios: { of: string; to: string; median: number; goal?: number }[];
  }[];
  slowReaders: { contenders: Record<string, Record<string, number>> };
  ownCost: { micros: Record<string, number> };
  permissions: {
    rows: { kind: string; delayMs: number; addedMs: number; perSecond: number; p99Ms: number }[];
    weights: Record<string, Record<string, number>>;
  };
}

describe('the smallest run of the speed bench', () => {
  let results: string;
  let output = '';
  let report: Report;
  let plot: string;
  beforeAll(async () => {
    results = await mkdtemp(join(tmpdir(), 'claimcheck-results-'));
    const child = startChild(process.execPath, [SPEED, '--smallest', '--results', results]);
    const status = await child.ended;
    output = child.output();
    if (status !== 0) throw new Error(`it ended with ${status}: ${output}`);
    const written = await readdir(results);
    const read = async (ending: string) =>
      await readFile(join(results, written.find((name) => name.endsWith(ending)) ?? ''), 'utf8');
    report = JSON.parse(await read('.json')) as Report;
    plot = await read('.svg');
  }, WITHIN_MS);
  afterAll(async () => {
    await rm(results, { recursive: true, force: true });
  });

  test('proves each peer before it measures', () => {
    const done = { fresh: 200, wholeFile: true, again: 410, forged: 403 };
    expect(Object.keys(report.proofs)).toEqual(['ours', 'P-openssl', 'P-sodium', 'N']);
    for (const proof of Object.values(report.proofs)) expect(proof).toMatchObject(done);
  });

  test('measures small and large files, every ratio of them a real number', () => {
    expect(report.cases.map(({ title }) => title)).toEqual([
      '1 KiB, burned and streamed',
      '64 KiB, burned and streamed',
      '100 MiB, 4 readers, pinned to one core',
      '100 MiB, 4 readers, free',
    ]);
    for (const { ratios } of report.cases) {
      expect(ratios.length).toBeGreaterThan(1);
      for (const { median } of ratios) expect(median).toBeGreaterThan(0);
    }
  });

  test('gives every slow reader its share', () => {
    for (const { starved, residentMiB } of Object.values(report.slowReaders.contenders)) {
      expect(starved).toBe(0);
      expect(residentMiB).toBeGreaterThan(0);
    }
  });

  test("takes the parts off a whole request's cost", () => {
    const { request = 0, signature = 0, burn = 0, own = 0 } = report.ownCost.micros;
    for (const part of [request, signature, burn]) expect(part).toBeGreaterThan(0);
    expect(own).toBeCloseTo(request - signature - burn);
  });

  test('compares opaque tokens, claims and sessions, with a store that is really further away', () => {
    const { rows, weights } = report.permissions;
    expect(new Set(rows.map(({ kind }) => kind)).size).toBe(4);
    for (const { delayMs, addedMs, perSecond } of rows) {
      expect(perSecond).toBeGreaterThan(0);
      expect(addedMs).toBeGreaterThan(delayMs * 0.8);
    }
    expect(weights['opaque token, GETDEL']?.['outstandingBytes']).toBeGreaterThan(100);
    expect(weights['claim, verified and burned']?.['outstandingBytes']).toBe(0);
  });

  test('prints tables and draws a plot with a row for each ratio', () => {
    const ratios = report.cases.flatMap((one) => one.ratios);
    expect(output).toContain('### Against the goals');
    expect(plot.match(/<circle/g)).toHaveLength(ratios.length);
    expect(plot).toContain('prefers-color-scheme: dark');
  });

  test('prints no token', () => {
    expect(output).not.toContain('v4.public.');
  });
});
