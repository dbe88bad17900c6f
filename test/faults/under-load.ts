// One fault test: two download servers and a load on a ledger, something done to it, and the judgement. What was
// lost is reported on standard error, since a claim lost to `superseded` is legal, but not free.
import { expect } from '@jest/globals';
import { openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import type { Verdict } from './judge-history.js';
import { startLoad, type Load } from './load.js';
import { startRedeemer, type Redeemer } from './redeemers.js';
import { startIssuer } from './start-issuer.js';

export interface Scenario {
  name: string;
  /** Where the download servers find the ledger. */
  redisUrl: string;
  /** Where the app server finds it, when not there. */
  mintUrl?: string;
  revoke?: boolean;
  keepIllegal?: boolean;
  act(load: Load, redeemers: readonly Redeemer[]): Promise<void>;
}

/** Runs a scenario and expects what holds in every one. */
export async function underLoad(scenario: Scenario): Promise<Verdict> {
  const verdict = await judgeUnderLoad(scenario);
  expect(verdict.violations).toEqual([]);
  expect(verdict.legal).toBe(true);
  expect(verdict.fewestTries).toBeGreaterThanOrEqual(3);
  expect(verdict.servedAfterLastFault).toBeGreaterThanOrEqual(50);
  return verdict;
}

/** Runs a scenario between two spells of plain service, and returns the judgement whatever it is. */
export async function judgeUnderLoad(scenario: Scenario): Promise<Verdict> {
  const { name, redisUrl, mintUrl = redisUrl, revoke = true, keepIllegal = true } = scenario;
  const redeemers: Redeemer[] = [];
  const issuer = await startIssuer();
  const opened = await openRedisLedger(mintUrl, createLogger('mint', 'silent'));
  try {
    for (let i = 0; i < 2; i += 1) redeemers.push(await startRedeemer(redisUrl, issuer));
    const load = startLoad({ ledger: opened.ledger, issuer, redeemers, revoke, keepIllegal });
    try {
      await load.servesAgain();
      await scenario.act(load, redeemers);
      await load.servesAgain();
    } catch (error) {
      await load.finish();
      throw error;
    }
    const verdict = await load.finish();
    report(name, verdict);
    return verdict;
  } finally {
    await Promise.all(redeemers.map((redeemer) => redeemer.stop()));
    await opened.close();
    await issuer.stop();
  }
}

function report(name: string, verdict: Verdict): void {
  const { claims, attempts, outcomes, lostToSuperseded, burnedUnserved } = verdict;
  const seen = Object.entries(outcomes).map(([code, count]) => `${count} ${code}`);
  process.stderr.write(
    `${name}: ${claims} claims, ${attempts} attempts (${seen.join(', ')}); ` +
      `${lostToSuperseded} lost to superseded, ${burnedUnserved} burned and never served\n`,
  );
}
