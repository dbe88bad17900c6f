// Hands a history file to the separate program that decides whether it is legal.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Verdict {
  legal: boolean;
  violations: string[];
  claims: number;
  attempts: number;
  outcomes: Record<string, number>;
  fewestTries: number;
  lostToSuperseded: number;
  burnedUnserved: number;
  servedAfterLastFault: number;
}

export function judgeHistory(file: string): Verdict {
  const program = fileURLToPath(new URL('../../../model/check-history.mjs', import.meta.url));
  const done = spawnSync(process.execPath, [program, file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (done.stdout === '') throw new Error(`the checker failed: ${done.stderr}`);
  const verdict = JSON.parse(done.stdout) as Verdict;
  if (verdict.legal !== (done.status === 0)) throw new Error('verdict and exit status differ');
  return verdict;
}
