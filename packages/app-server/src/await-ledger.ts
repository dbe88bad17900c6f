// At start the ledger may be a moment behind (Redis starting beside us): wait a little, then say so.
import { setTimeout as wait } from 'node:timers/promises';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';

const RETRY_MS = 100;

/**
 * Resolves when the ledger answers.
 * @throws Error that names REDIS_URL when it has not within `withinMs`; UnsuitableRedisError at once.
 */
export async function awaitLedger(ledger: Ledger, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await ledger.check();
    } catch (error) {
      if (!(error instanceof LedgerUnavailableError)) throw error;
      if (performance.now() > deadline) {
        throw new Error('REDIS_URL: the ledger (Redis) there does not answer', { cause: error });
      }
    }
    await wait(RETRY_MS);
  }
}
