// The speed limit of a claim: a token bucket that all its responses on this server draw from. It holds a
// twentieth of a second's worth, so the bytes flow evenly instead of in bursts of a second. It keeps no
// queue: who wants to send is told how long to wait, and later ones wait behind.

/** How much time's worth may go at once. */
const BURST_MS = 50;
const LEAST_PIECE_BYTES = 256;
const MOST_PIECE_BYTES = 64 * 1024;

export interface Rate {
  /** The most that should be handed over at a time. */
  readonly pieceBytes: number;
  /** Draws bytes from the bucket. Returns how many milliseconds to wait before sending them. */
  draw(bytes: number): number;
}

/**
 * @param bytesPerSecond above 0
 * @param clock milliseconds of a clock that never goes back
 */
export function createRate(bytesPerSecond: number, clock = () => performance.now()): Rate {
  const bytesPerMs = bytesPerSecond / 1000;
  const piece = Math.floor(bytesPerMs * BURST_MS);
  /** When all that was drawn will have flowed out. */
  let flowedOutAtMs = Number.NEGATIVE_INFINITY;
  return {
    pieceBytes: Math.min(Math.max(piece, LEAST_PIECE_BYTES), MOST_PIECE_BYTES),
    draw(bytes) {
      const nowMs = clock();
      const startsAtMs = Math.max(flowedOutAtMs, nowMs - BURST_MS);
      flowedOutAtMs = startsAtMs + bytes / bytesPerMs;
      return Math.max(startsAtMs - nowMs, 0);
    },
  };
}

/** The buckets of the claims that are being answered. */
export interface Rates {
  /** The claim's bucket, or undefined without a limit; `release` once its response is over. */
  take(claimId: string): { rate: Rate | undefined; release(): void };
}

/** @param bytesPerSecond 0 is no limit */
export function createRates(bytesPerSecond: number): Rates {
  const unlimited = { rate: undefined, release() {} };
  const running = new Map<string, { rate: Rate; responses: number }>();
  return {
    take(claimId) {
      if (bytesPerSecond === 0) return unlimited;
      const bucket = running.get(claimId) ?? { rate: createRate(bytesPerSecond), responses: 0 };
      running.set(claimId, bucket);
      bucket.responses += 1;
      return {
        rate: bucket.rate,
        release() {
          bucket.responses -= 1;
          if (bucket.responses === 0) running.delete(claimId);
        },
      };
    },
  };
}
