// How long a slow reader is waited for, as arithmetic: no clock, no socket. A reader has a store of
// patience. Time uses it up, bytes that it takes fill it again, and whoever has none left is cut.
export interface PatienceLimits {
  /** The whole store: how long a reader may take nothing at all, milliseconds. */
  fullMs: number;
  /** The pace that keeps the store from shrinking, bytes a second; 0: any byte fills it. */
  minBytesPerSecond: number;
}

/**
 * What is left of the store, in milliseconds, after `elapsedMs` in which the reader took `bytes`. Never
 * more than the whole; at 0 or below the reader is cut. So a pause of up to the whole store is survived from
 * a full one, however slow the line is on average; one byte now and then is not.
 */
export function spendPatience(
  leftMs: number,
  { elapsedMs, bytes }: { elapsedMs: number; bytes: number },
  { fullMs, minBytesPerSecond }: PatienceLimits,
): number {
  if (bytes > 0 && minBytesPerSecond === 0) return fullMs;
  const earnedMs = bytes === 0 ? 0 : (bytes / minBytesPerSecond) * 1000;
  return Math.min(fullMs, leftMs - elapsedMs + earnedMs);
}
