// The buffers that files are read into, used again from one download to the next: fresh ones would keep the
// garbage collector busy with megabytes a millisecond. A buffer may hold bytes of another file behind what
// was read into it, so only the part that was filled may ever be sent.

const KIB = 1024;

/** The sizes that buffers have, in bytes, smallest first. */
export const SLICE_BYTES = [16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB] as const;

/** The most of each size that is kept for later, in bytes. */
const KEPT_BYTES = 8 * 1024 * KIB;
/** What all downloads together may hold in buffers of more than 64 KiB. */
const LARGE_BYTES = 32 * 1024 * KIB;

export interface BufferPool {
  /** A buffer of exactly one of `SLICE_BYTES`, the smallest that holds `bytes`. */
  take(bytes: number): Buffer;
  /** Takes a buffer back. Nobody may use it any more, the connection that it was handed to included. */
  give(buffer: Buffer): void;
  /** Whether a download may hold this many bytes in large buffers from now on; then it must release them. */
  reserveLarge(bytes: number): boolean;
  releaseLarge(bytes: number): void;
}

export function createBufferPool(): BufferPool {
  const kept = new Map<number, Buffer[]>(SLICE_BYTES.map((size) => [size, []]));
  let largeLeft = LARGE_BYTES;
  return {
    take(bytes) {
      const size = SLICE_BYTES.find((candidate) => candidate >= bytes);
      if (size === undefined) throw new RangeError(`no buffer holds ${bytes} bytes`);
      return kept.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    },
    give(buffer) {
      const same = kept.get(buffer.length);
      if (same !== undefined && (same.length + 1) * buffer.length <= KEPT_BYTES) same.push(buffer);
    },
    reserveLarge(bytes) {
      if (bytes > largeLeft) return false;
      largeLeft -= bytes;
      return true;
    },
    releaseLarge(bytes) {
      largeLeft += bytes;
    },
  };
}
