// The ledger as the download server's metrics see it: the same ledger, with a clock at the burn.
import type { Ledger } from '@claimcheck/shared/ledger';
import type { DownloadMetrics } from './metrics.js';

/** Passes everything on; a burn that is refused or fails counts like any other. */
export function timeBurns(ledger: Ledger, metrics: Pick<DownloadMetrics, 'burnTook'>): Ledger {
  return {
    ...ledger,
    burn: async (...request) => {
      const startedAtMs = performance.now();
      try {
        return await ledger.burn(...request);
      } finally {
        metrics.burnTook((performance.now() - startedAtMs) / 1000);
      }
    },
  };
}
