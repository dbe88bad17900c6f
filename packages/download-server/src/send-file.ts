// Step 6: bytes from the open handle to the socket. It writes to Node's response itself, past koa, since
// only so can it wait for each write and tear the connection down when the file lets it down.
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ByteRange } from './parse-range.js';

/** Bytes a read. Two such buffers a large download: a thousand slow readers hold 128 MiB. */
const SLICE_BYTES = 64 * 1024;

/** The first slice of the body, read before the burn: a disk that fails does not cost the claim. */
export interface ReadAhead {
  range: ByteRange;
  first: Buffer;
}

/**
 * Asked before bytes are handed over: how many of `wanted` may be, at least one, or 0 for no more. A number
 * that is known at once need not be waited for.
 */
export type Allow = (wanted: number) => number | Promise<number>;

export interface Sent {
  /** Body bytes handed to the connection. */
  bytes: number;
  /** Whether all of them were, and the connection took them. */
  complete: boolean;
  /** Why not, when it was not the client who left. */
  error?: unknown;
}

/** @throws Error when the disk fails or the file has become shorter than it was. */
export async function readAhead(handle: FileHandle, range: ByteRange): Promise<ReadAhead> {
  const first = Buffer.allocUnsafe(Math.min(range.length, SLICE_BYTES));
  await readSlice(handle, first, range.firstByte);
  return { range, first };
}

/**
 * Sends head and body, and resolves when the connection has taken everything or is gone. It never ends a
 * short body cleanly: when a read fails or comes up short, the connection is torn down, so that the client
 * sees fewer bytes than Content-Length promised and no answer can follow.
 */
export async function sendFile(
  response: ServerResponse,
  handle: FileHandle,
  head: { status: number; headers: Readonly<Record<string, string>> },
  { range, first }: ReadAhead,
  { allow = (wanted) => wanted }: { allow?: Allow } = {},
): Promise<Sent> {
  const sender = createSender(response);
  let bytes = 0;
  try {
    response.writeHead(head.status, head.headers);
    let slice = first.subarray(0, await allow(first.length));
    let [sending, spare]: [Buffer, Buffer | undefined] = [first, undefined];
    for (;;) {
      if (slice.length === 0 && range.length > 0) return cut(response, bytes);
      bytes += slice.length;
      const left = range.length - bytes;
      if (left === 0) return { bytes, complete: await sender.end(slice) };
      const written = sender.write(slice);
      // One buffer is on its way to the client while the other is filled; then they change places.
      spare ??= Buffer.allocUnsafeSlow(SLICE_BYTES);
      const next: Buffer = spare.subarray(0, await allow(Math.min(left, SLICE_BYTES)));
      await readSlice(handle, next, range.firstByte + bytes);
      if (!(await written)) return { bytes, complete: false };
      [slice, sending, spare] = [next, spare, sending];
    }
  } catch (error) {
    response.req.socket.destroy();
    return { bytes, complete: false, error };
  } finally {
    sender.release();
  }
}

/** No more of the body may be sent: it never ends cleanly and short. */
function cut(response: ServerResponse, bytes: number): Sent {
  response.req.socket.destroy();
  return { bytes, complete: false };
}

/** Fills `buffer` from `position`. */
async function readSlice(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(
      buffer,
      filled,
      buffer.length - filled,
      position + filled,
    );
    if (bytesRead === 0) throw new Error('the file has become shorter while it was being read');
    filled += bytesRead;
  }
}

/**
 * Writes that resolve to whether the connection took them, and never reject. Node does not call a write
 * back once the client has gone, so the connection's own end wakes the one that waits. That end is the
 * socket's: a response that is queued behind another one (pipelining) hears nothing of it.
 */
function createSender(response: ServerResponse) {
  const socket = response.req.socket;
  let gone = socket.destroyed;
  let wake: (() => void) | undefined;
  const onClose = () => {
    gone = true;
    wake?.();
  };
  socket.once('close', onClose);
  response.on('error', onClose);

  function hand(give: (taken: () => void) => unknown): Promise<boolean> {
    return new Promise((resolve) => {
      if (gone) {
        resolve(false);
        return;
      }
      wake = () => resolve(false);
      give(() => resolve(!gone));
    });
  }
  return {
    write: (slice: Buffer) => hand((taken) => response.write(slice, taken)),
    end: (slice: Buffer) => hand((taken) => response.once('finish', taken).end(slice)),
    release: () => socket.off('close', onClose),
  };
}
