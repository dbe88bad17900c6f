// How much of a file is read and handed to the connection at a time. Large slices are what a fast reader's
// speed comes from, and what a thousand slow ones must not hold: a slice is held until its last byte is taken.
// The kernel takes the first megabytes of any reader at once, so speed counts only when it lasts.
import { SLICE_BYTES, type BufferPool } from './buffer-pool.js';

/** Where a download starts, behind its first slice: 16 KiB. */
const FIRST_STEP = 0;
/** The largest step that takes nothing from the pool's room for large buffers: 64 KiB. */
const LAST_SMALL_STEP = 1;
/** How much must have gone fast without a break before the slice of this size is used. */
const EARNED_BY_BYTES = [0, 3 * 1024 * 1024, 5 * 1024 * 1024, 8 * 1024 * 1024] as const;
/** From this on the next slice is read while this one is being taken. */
const READS_AHEAD_FROM_BYTES = 3 * 1024 * 1024;
/** Fast: at least this many bytes a millisecond (some 32 MB/s). */
const FAST_BYTES_PER_MS = 32 * 1024;
/** Slow: a slice that is not taken within this time. */
export const SLOW_SLICE_MS = 250;

export interface SliceSize {
  /** Bytes of the next slice. */
  bytes(): number;
  /** Whether the reader is worth a second buffer. */
  readsAhead(): boolean;
  /** Tells how long the connection took for a slice. */
  taken(bytes: number, ms: number): void;
  /** Gives back what it holds of the pool's room for large buffers. */
  release(): void;
}

export function createSliceSize(pool: BufferPool): SliceSize {
  let step = FIRST_STEP;
  let fastBytes = 0;
  let reserved = 0;

  function reserve(bytes: number): boolean {
    pool.releaseLarge(reserved);
    const granted = pool.reserveLarge(bytes);
    reserved = granted ? bytes : 0;
    return granted;
  }

  /** To a step for which there is room; what it had is still there when there is not. */
  function moveTo(wanted: number): void {
    if (reserve(roomFor(wanted))) step = wanted;
    else reserve(roomFor(step));
  }

  return {
    bytes: () => sizeOf(step),
    readsAhead: () => fastBytes >= READS_AHEAD_FROM_BYTES,
    taken(bytes, ms) {
      if (ms > SLOW_SLICE_MS) {
        fastBytes = 0;
        if (step > 0) moveTo(step - 1);
      } else if (ms * FAST_BYTES_PER_MS <= bytes + FAST_BYTES_PER_MS) {
        fastBytes += bytes;
        if (fastBytes >= (EARNED_BY_BYTES[step + 1] ?? Infinity)) moveTo(step + 1);
      } else {
        fastBytes = 0;
      }
    },
    release: () => void reserve(0),
  };
}

/** Two large buffers: one on its way, one being filled. */
function roomFor(step: number): number {
  return step > LAST_SMALL_STEP ? 2 * sizeOf(step) : 0;
}

function sizeOf(step: number): number {
  return SLICE_BYTES[step] ?? SLICE_BYTES[FIRST_STEP];
}
