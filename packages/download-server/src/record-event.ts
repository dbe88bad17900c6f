// Telling the ledger what became of a download, for the sender's timeline. Nobody waits for it and no
// download fails by it: what cannot be recorded is logged and counted.
import type { EventKind, Ledger, Settlement } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { createUnderway } from '@claimcheck/shared/underway';

/** A claim's refusals within this time are told as one, so that a loop of requests floods nothing. */
const QUIET_MS = 1000;
/** How many claims are remembered for that; the oldest goes first. */
const MAX_REMEMBERED = 10_000;

export interface EventRecorder {
  finished(claimId: string, bytes: number): void;
  brokenOff(claimId: string, bytes: number): void;
  /** The end of a response of a resumable claim, as soon as it can be told. */
  settle(claimId: string, settlement: () => Promise<Settlement>): void;
  /** At most one a claim and second reaches the ledger. */
  refusedAsUsed(claimId: string): void;
  /** How many events were lost because the ledger did not take them. */
  readonly lost: number;
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>;
}

export interface EventRecorderDependencies {
  ledger: Pick<Ledger, 'record' | 'settle'>;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
}

export function createEventRecorder(dependencies: EventRecorderDependencies): EventRecorder {
  const { ledger, log, now } = dependencies;
  const underway = createUnderway<Promise<void>>();
  const refusedAtMs = new Map<string, number>();
  let lost = 0;

  function record(kind: EventKind, claimId: string, bytes: number): void {
    follow(ledger.record({ kind, claimId, bytes }), { kind, claim: claimId, bytes });
  }

  function follow(recording: Promise<void>, event: object): void {
    const attempt = recording.then(
      () => underway.remove(place),
      (error: unknown) => {
        underway.remove(place);
        lost += 1;
        log.warn({ err: error, ...event, lost }, 'an event was not recorded');
      },
    );
    const place = underway.add(attempt);
  }

  return {
    finished: (claimId, bytes) => record('finished', claimId, bytes),
    brokenOff: (claimId, bytes) => record('broken-off', claimId, bytes),
    settle: (claimId, settlement) =>
      follow(
        settlement().then((settled) => ledger.settle(settled)),
        { kind: 'sent', claim: claimId },
      ),
    refusedAsUsed(claimId) {
      const nowMs = now();
      const lastMs = refusedAtMs.get(claimId);
      if (lastMs !== undefined && Math.abs(nowMs - lastMs) < QUIET_MS) return;
      refusedAtMs.delete(claimId);
      refusedAtMs.set(claimId, nowMs);
      if (refusedAtMs.size > MAX_REMEMBERED) {
        const [oldest] = refusedAtMs.keys();
        if (oldest !== undefined) refusedAtMs.delete(oldest);
      }
      record('refused', claimId, 0);
    },
    get lost() {
      return lost;
    },
    settled: async () => void (await Promise.all(underway.all())),
  };
}
