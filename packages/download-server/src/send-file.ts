// Step 6: bytes from the open handle to the socket. It writes to Node's response itself, past koa, since
// only so can it wait for each write and tear the connection down when the file lets it down. One slice of a
// download is under way at a time, so the event loop serves all downloads in turn, however fast one reads.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createSliceSize, SLOW_SLICE_MS, type SliceSize } from './adapt-slices.js';
import type { BufferPool } from './buffer-pool.js';
import type { DiskPace } from './disk-pace.js';
import { createHandOver, type HandOverOptions, type Outcome } from './hand-over.js';
import type { OpenHandle } from './open-handle.js';
import type { ByteRange } from './parse-range.js';
import { connectionOf, type Connection } from './write-to-connection.js';

/** The most that is read before the burn. */
const FIRST_SLICE_BYTES = 64 * 1024;
/** Up to this, a buffer of its own is cheaper than one of the pool. */
const TINY_BYTES = 4096;

/** Bytes of the file, and the pool's buffer that they lie in, if they do. */
interface Slice {
  bytes: Buffer;
  buffer: Buffer | undefined;
}

/** The first slice of the body, read before the burn: a disk that fails does not cost the claim. */
export interface ReadAhead {
  range: ByteRange;
  first: Slice;
}

export interface Sent {
  /** Body bytes handed to the connection. */
  bytes: number;
  /** Whether all of them were, and the connection took them. */
  complete: boolean;
  /** Whether it ended because `allow` said no more. */
  refusedMore?: true;
  /** Why it broke, when it was neither the client who left nor `allow`. */
  error?: unknown;
}

/** As Node's `writeHead` takes it: the headers by name, or names and values in turn. */
export interface Head {
  status: number;
  headers: OutgoingHttpHeaders | string[];
}

export interface FileSenderDependencies {
  pace: DiskPace;
  buffers: BufferPool;
}

export interface FileSender {
  /** @throws Error when the disk fails or the file has become shorter than it was. */
  readAhead(handle: OpenHandle, range: ByteRange): ReadAhead | Promise<ReadAhead>;
  /**
   * Sends head and body, and resolves when the connection has taken everything or is gone, and no read is
   * under way any more. It never ends a short body cleanly: when a read fails or comes up short, or when
   * `allow` says no, the connection is torn down, so that the client sees fewer bytes than Content-Length
   * promised and no answer can follow.
   */
  sendFile(
    response: ServerResponse,
    handle: OpenHandle,
    head: Head,
    ahead: ReadAhead,
    options?: HandOverOptions,
  ): Promise<Sent>;
}

export function createFileSender({ pace, buffers }: FileSenderDependencies): FileSender {
  function takeSlice(length: number): Slice {
    if (length <= TINY_BYTES) return { bytes: Buffer.allocUnsafe(length), buffer: undefined };
    const buffer = buffers.take(length);
    return { bytes: length === buffer.length ? buffer : buffer.subarray(0, length), buffer };
  }

  function giveBack({ buffer }: Slice): void {
    if (buffer !== undefined) buffers.give(buffer);
  }

  function readAhead(handle: OpenHandle, range: ByteRange): ReadAhead | Promise<ReadAhead> {
    const first = takeSlice(Math.min(range.length, FIRST_SLICE_BYTES));
    if (!handle.atOnce || !pace.mayBlock()) {
      return handle.fill(first.bytes, range.firstByte).then(() => ({ range, first }));
    }
    pace.timed(() => handle.fillNow(first.bytes, range.firstByte));
    return { range, first };
  }

  /** Hands one slice after the other until the body is whole or something is in the way. */
  async function sendSlices(
    { range, first }: ReadAhead,
    handle: OpenHandle,
    hand: (slice: Buffer, isLast: boolean) => Promise<Outcome>,
    size: SliceSize,
  ): Promise<Outcome> {
    async function readFrom(offset: number): Promise<Slice> {
      const slice = takeSlice(Math.min(range.length - offset, size.bytes()));
      await handle.fill(slice.bytes, range.firstByte + offset);
      return slice;
    }
    let end = 0;
    let slice = first;
    for (;;) {
      end += slice.bytes.length;
      const isLast = end === range.length;
      const startedMs = performance.now();
      const handed = hand(slice.bytes, isLast);
      const ready =
        isLast || !size.readsAhead() ? undefined : await keepReady(readFrom(end), handed, giveBack);
      const outcome = await handed;
      // Of a connection that broke nobody knows what it still holds: its buffer is not used again.
      if (outcome !== 'taken') return outcome;
      giveBack(slice);
      if (isLast) return outcome;
      size.taken(slice.bytes.length, performance.now() - startedMs);
      slice = ready ?? (await readFrom(end));
    }
  }

  async function sendInSlices(
    response: ServerResponse,
    connection: Connection,
    handle: OpenHandle,
    head: Head,
    ahead: ReadAhead,
    options: HandOverOptions,
  ): Promise<Sent> {
    const over = createHandOver(connection, options);
    const size = createSliceSize(buffers);
    let outcome: Outcome;
    try {
      response.writeHead(head.status, head.headers);
      outcome = await sendSlices(ahead, handle, (slice, isLast) => over.hand(slice, isLast), size);
    } catch (error) {
      outcome = { error };
    } finally {
      size.release();
    }
    const bytes = over.bytes();
    if (outcome === 'taken') return { bytes, complete: true };
    if (outcome === 'gone') return { bytes, complete: false };
    if (outcome === 'refused-more') return { bytes, complete: false, refusedMore: true };
    return { bytes, complete: false, error: outcome.error };
  }

  /** A small file of a strict claim: all of it is in memory, and nobody is to be asked. */
  async function sendOnePiece(
    response: ServerResponse,
    connection: Connection,
    head: Head,
    slice: Slice,
  ): Promise<Sent> {
    let bytes = 0;
    try {
      response.writeHead(head.status, head.headers);
      if (connection.isGone()) return { bytes, complete: false };
      bytes = slice.bytes.length;
      const complete = await connection.end(slice.bytes);
      if (complete) giveBack(slice);
      return { bytes, complete };
    } catch (error) {
      return { bytes, complete: false, error };
    }
  }

  return {
    readAhead,
    async sendFile(response, handle, head, ahead, options = {}) {
      const connection = connectionOf(response);
      const sent = await (isOnePiece(ahead, options)
        ? sendOnePiece(response, connection, head, ahead.first)
        : sendInSlices(response, connection, handle, head, ahead, options));
      connection.release();
      if (!sent.complete) connection.destroy();
      return sent;
    },
  };
}

function isOnePiece({ range, first }: ReadAhead, { allow, rate }: HandOverOptions): boolean {
  return first.bytes.length === range.length && allow === undefined && rate === undefined;
}

/**
 * Waits for the slice that was read ahead, then for the one before it to be taken. A reader who takes nothing
 * does not keep both: the one that was read ahead is given back, and will be read again.
 */
async function keepReady<S>(
  reading: Promise<S>,
  handed: Promise<unknown>,
  giveBack: (slice: S) => void,
): Promise<S | undefined> {
  const slice = await reading;
  let isReady = true;
  const idle = setTimeout(() => {
    isReady = false;
    giveBack(slice);
  }, SLOW_SLICE_MS);
  await handed;
  clearTimeout(idle);
  return isReady ? slice : undefined;
}
