// How long to wait before a worker is started again: at once for one that had worked a while, longer and
// longer for one that ends as soon as it is started, so that a fault at the start does not eat the machine.
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A worker that lived this long had started well. */
const PROVEN_AFTER_MS = 30_000;

/** Keeps the count of failures in a row, worker by worker. */
export function createRestartPause() {
  const failures = new Map<number, number>();
  return {
    /** The pause in milliseconds after worker `number` has ended, having lived for `livedMs`. */
    after(number: number, livedMs: number): number {
      const before = livedMs >= PROVEN_AFTER_MS ? 0 : (failures.get(number) ?? 0);
      failures.set(number, before + 1);
      return Math.min(FIRST_PAUSE_MS * 2 ** before, LONGEST_PAUSE_MS);
    },
  };
}
