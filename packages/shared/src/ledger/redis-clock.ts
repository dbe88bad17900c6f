// An estimate of the Redis server's clock from the times its replies carry. A reply is always newer
// when it leaves than when it arrives, so every estimate is at most the true time, and the largest
// recent one is the best.
const KEEP_BEST_MS = 30_000;

export interface RedisClock {
  /** Takes the time of a reply that has just arrived, Unix ms of the server. */
  observe(serverMs: number): void;
  /** The server's time now, Unix ms; never later than the truth while its clock runs steadily. */
  read(): number;
  /** Forgets everything: another server answers from now on. */
  reset(): void;
}

/** `monotonic` gives milliseconds of a clock that is never stepped. */
export function createRedisClock(monotonic: () => number = () => performance.now()): RedisClock {
  let offset = Number.NEGATIVE_INFINITY;
  let observedAt = 0;
  return {
    observe(serverMs) {
      const at = monotonic();
      const candidate = serverMs - at;
      if (candidate < offset && at - observedAt < KEEP_BEST_MS) return;
      offset = candidate;
      observedAt = at;
    },
    read: () => offset + monotonic(),
    reset() {
      offset = Number.NEGATIVE_INFINITY;
    },
  };
}
