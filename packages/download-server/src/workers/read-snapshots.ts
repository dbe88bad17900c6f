// Asking all workers for their metrics at once. One that does not answer in time (a blocked loop, one that
// is just ending) is left out: the others are shown, and its absence shows too.
import type { MetricsSnapshot } from '@claimcheck/shared/metrics';
import type { FromWorker, ToWorker } from './worker-messages.js';

const ANSWER_WITHIN_MS = 1500;

export interface SnapshotReader {
  read(): Promise<MetricsSnapshot[]>;
  /** Hands in what a worker has answered. */
  take(answer: Extract<FromWorker, { kind: 'metrics' }>): void;
}

/** @param senders one function a worker that is running, which sends it a message. */
export function createSnapshotReader(
  senders: () => readonly ((message: ToWorker) => void)[],
): SnapshotReader {
  let last = 0;
  const waiting = new Map<number, (metrics: MetricsSnapshot) => void>();

  async function read(): Promise<MetricsSnapshot[]> {
    const asked = senders();
    if (asked.length === 0) return [];
    last += 1;
    const request = last;
    const snapshots: MetricsSnapshot[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_WITHIN_MS);
      waiting.set(request, (metrics) => {
        snapshots.push(metrics);
        if (snapshots.length < asked.length) return;
        clearTimeout(timer);
        resolve();
      });
      for (const ask of asked) ask({ kind: 'read-metrics', request });
    });
    waiting.delete(request);
    return snapshots;
  }

  return { read, take: ({ request, metrics }) => waiting.get(request)?.(metrics) };
}
