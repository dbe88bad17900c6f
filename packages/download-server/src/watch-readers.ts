// Which downloads are running, and how fast each is taken. It counts bytes on the way, cuts readers whose
// patience is used up, and at a stop all that make no progress. A cut resets the connection: the client
// sees fewer bytes than it was promised, and one that resumes goes on elsewhere.
import type { Socket } from 'node:net';
import { logFields, type Exchange } from '@claimcheck/shared/http';
import { createUnderway } from '@claimcheck/shared/underway';
import type { DownloadMetrics } from './metrics.js';
import { spendPatience, type PatienceLimits } from './reader-patience.js';

export type CutReason = 'slow-reader' | 'stopping';

/** How the watched downloads ended, since the watch began. */
export interface Ended {
  finished: number;
  /** The client left, or the file let us down. */
  brokenOff: number;
  cut: number;
}

export interface ReaderWatch {
  /** Downloads whose bytes are under way. */
  readonly running: number;
  readonly ended: Readonly<Ended>;
  /** Watches one download until its sending settles, and passes on what that gave. */
  watch<T extends { bytes: number; complete: boolean }>(
    ctx: Exchange,
    sending: Promise<T>,
  ): Promise<T>;
  /** For a stop: whoever takes nothing for `stallMs` from now on is cut. */
  hurry(stallMs: number): void;
  /** Cuts all that run. */
  cutAll(): void;
  close(): void;
}

const SWEEP_EVERY_MS = 1000;
/** A sweep that comes late (a busy loop, a machine that slept) is no fault of the readers. */
const LONGEST_SWEEP_MS = 3 * SWEEP_EVERY_MS;
/** A connection's bytes hold the head too, whose exact length nobody knows: it is below this. */
const HEAD_BYTES = 8192;

interface Reader {
  ctx: Exchange;
  socket: Socket;
  startedAtBytes: number;
  takenBytes: number;
  /** Body bytes that were counted so far, never more than were sent. */
  countedBytes: number;
  leftMs: number;
  cut: boolean;
}

export interface ReaderWatchOptions {
  limits: PatienceLimits;
  metrics: Pick<DownloadMetrics, 'sentBytes' | 'cut'>;
  /** A clock that never steps, milliseconds. */
  clock?: () => number;
}

export function createReaderWatch(options: ReaderWatchOptions): ReaderWatch {
  const { metrics, clock = () => performance.now() } = options;
  let { limits } = options;
  let stopping = false;
  const readers = createUnderway<Reader>();
  const ended: Ended = { finished: 0, brokenOff: 0, cut: 0 };
  let sweptAtMs = clock();

  function sweep(): void {
    const nowMs = clock();
    const elapsedMs = Math.min(nowMs - sweptAtMs, LONGEST_SWEEP_MS);
    sweptAtMs = nowMs;
    for (const reader of readers.all()) {
      const takenBytes = bytesTaken(reader.socket);
      const bytes = takenBytes - reader.takenBytes;
      reader.takenBytes = takenBytes;
      count(reader, takenBytes - reader.startedAtBytes - HEAD_BYTES);
      reader.leftMs = spendPatience(reader.leftMs, { elapsedMs, bytes }, limits);
      if (reader.leftMs <= 0) cut(reader, stopping ? 'stopping' : 'slow-reader');
    }
  }

  function count(reader: Reader, bodyBytes: number): void {
    if (bodyBytes <= reader.countedBytes) return;
    metrics.sentBytes(bodyBytes - reader.countedBytes);
    reader.countedBytes = bodyBytes;
  }

  function cut(reader: Reader, reason: CutReason): void {
    if (reader.cut) return;
    reader.cut = true;
    logFields(reader.ctx, { cut: reason });
    metrics.cut(reason);
    reader.socket.destroy();
  }

  const timer = setInterval(sweep, SWEEP_EVERY_MS).unref();
  return {
    get running() {
      return readers.count();
    },
    ended,
    async watch(ctx, sending) {
      const { socket } = ctx.req;
      const takenBytes = bytesTaken(socket);
      const reader: Reader = {
        ctx,
        socket,
        startedAtBytes: takenBytes,
        takenBytes,
        countedBytes: 0,
        leftMs: limits.fullMs,
        cut: false,
      };
      const place = readers.add(reader);
      try {
        const sent = await sending;
        count(reader, sent.bytes);
        if (sent.complete) ended.finished += 1;
        else if (reader.cut) ended.cut += 1;
        else ended.brokenOff += 1;
        return sent;
      } finally {
        readers.remove(place);
      }
    },
    hurry(stallMs) {
      stopping = true;
      limits = { fullMs: stallMs, minBytesPerSecond: 0 };
      for (const reader of readers.all()) reader.leftMs = stallMs;
    },
    cutAll() {
      for (const reader of readers.all()) cut(reader, 'stopping');
    },
    close: () => clearInterval(timer),
  };
}

/**
 * Bytes that the kernel has taken for this connection. Node counts a write when it is handed over whole;
 * what of it still waits is on the handle, where Node's own idle timeout looks too. The kernel takes more
 * only when a third of its buffer (up to 4 MiB) is free, so progress comes in steps of that.
 */
function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}
