// The judge of histories, judged: hand-written histories, legal and illegal.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeHistory, type Verdict } from './judge-history.js';

type Line = Record<string, unknown>;
const mint: Line = { kind: 'mint', claim: 'c', at: 0, expiresAt: 1000, size: 64 };
const fault: Line = { kind: 'fault', name: 'kill', at: 50 };
let attempts = 0;
const attempt = (outcome: string, start: number, changes: Line = {}): Line => ({
  kind: 'attempt',
  claim: 'c',
  attempt: (attempts += 1),
  server: 0,
  start,
  end: start + 5,
  outcome,
  bytes: outcome === 'served' ? 64 : 0,
  ...changes,
});
const revoked = (start: number, acknowledged: boolean): Line => ({
  kind: 'revocation',
  claim: 'c',
  start,
  end: start + 5,
  acknowledged,
});

const LEGAL: [string, Line[]][] = [
  ['one served, the others refused', [mint, attempt('served', 1), attempt('already-used', 10)]],
  [
    'a refusal answered before the serving one',
    [mint, attempt('served', 1, { end: 30 }), attempt('already-used', 2)],
  ],
  [
    'a burn whose answer was lost',
    [mint, attempt('ledger-unavailable', 1), attempt('already-used', 10)],
  ],
  ['a broken connection, then served', [mint, attempt('no-answer', 1), attempt('served', 10)]],
  ['superseded after a fault', [mint, attempt('served', 1), fault, attempt('superseded', 60)]],
  ['served while it is being revoked', [mint, revoked(1, true), attempt('served', 2)]],
  ['revoked', [mint, revoked(1, true), attempt('revoked', 10)]],
  ['a revocation that was not acknowledged', [mint, revoked(1, false), attempt('served', 10)]],
  ['expired', [mint, attempt('expired', 1001)]],
];

const ILLEGAL: [string, Line[], string][] = [
  ['served twice', [mint, attempt('served', 1), attempt('served', 10)], 'served 2 times'],
  [
    'served twice across a fault',
    [mint, attempt('served', 1), fault, attempt('served', 60)],
    'served 2 times',
  ],
  ['a code nobody stated', [mint, attempt('internal-error', 1)], 'not a stated refusal'],
  [
    'bytes in a refusal',
    [mint, attempt('served', 1), attempt('already-used', 9, { bytes: 1 })],
    'without being served',
  ],
  ['a short body', [mint, attempt('served', 1, { bytes: 63 })], 'served 63 bytes of 64'],
  ['already used by nobody', [mint, attempt('already-used', 1)], 'nobody was'],
  [
    'already used before anybody tried',
    [mint, attempt('already-used', 1), attempt('served', 10)],
    'nobody was',
  ],
  [
    'served after a revocation',
    [mint, revoked(1, true), attempt('served', 10)],
    'acknowledged revocation',
  ],
  ['revoked by nobody', [mint, attempt('revoked', 1)], 'nobody revoked'],
  ['superseded by nothing', [mint, attempt('superseded', 1), fault], 'nothing had happened'],
  ['expired early', [mint, attempt('expired', 1)], 'before its time'],
  ['an unknown claim', [attempt('served', 1)], 'not a possible line'],
  [
    'an answer before its request',
    [mint, attempt('served', 10, { end: 9 })],
    'not a possible line',
  ],
  [
    'an attempt told twice',
    [mint, attempt('served', 1, { attempt: 'x' }), attempt('no-answer', 1, { attempt: 'x' })],
    'not a possible line',
  ],
];

describe('the judge of histories', () => {
  let folder = '';
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'claimcheck-history-'))));
  afterAll(() => rm(folder, { recursive: true }));

  async function judge(lines: Line[]): Promise<Verdict> {
    const file = join(folder, 'history.jsonl');
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return judgeHistory(file);
  }

  test.each(LEGAL)('accepts %s', async (_, lines) => {
    expect(await judge(lines)).toMatchObject({ legal: true, violations: [] });
  });

  test.each(ILLEGAL)('finds %s', async (_, lines, violation) => {
    const verdict = await judge(lines);
    expect(verdict.legal).toBe(false);
    expect(verdict.violations.join('\n')).toContain(violation);
  });

  test('counts what was lost', async () => {
    const second = { ...mint, claim: 'd' };
    const lines = [mint, second, fault, attempt('superseded', 60)];
    lines.push(
      attempt('ledger-unavailable', 60, { claim: 'd' }),
      attempt('already-used', 70, { claim: 'd' }),
    );
    expect(await judge(lines)).toMatchObject({
      claims: 2,
      attempts: 3,
      fewestTries: 1,
      lostToSuperseded: 1,
      burnedUnserved: 1,
      servedAfterLastFault: 0,
    });
  });
});
