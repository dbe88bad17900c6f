// The ledger as the download server's metrics see it: the same ledger, with a clock at the burn.
import type { BurnRequest, Ledger, ResponseRequest } from '@claimcheck/shared/ledger';
import type { DownloadMetrics } from './metrics.js';

/** Passes everything on; a burn that is refused or fails counts like any other. */
export function timeBurns(ledger: Ledger, metrics: Pick<DownloadMetrics, 'burnTook'>): Ledger {
  const timed =
    <A extends unknown[], R>(ask: (...request: A) => Promise<R>) =>
    async (...request: A): Promise<R> => {
      const startedAtMs = performance.now();
      try {
        return await ask(...request);
      } finally {
        metrics.burnTook((performance.now() - startedAtMs) / 1000);
      }
    };
  return {
    ...ledger,
    burn: timed((request: BurnRequest) => ledger.burn(request)),
    openResponse: timed((request: ResponseRequest) => ledger.openResponse(request)),
  };
}
