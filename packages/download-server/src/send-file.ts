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
): Promise<Sent> {
  const sender = createSender(response);
  let bytes = 0;
  try {
    response.writeHead(head.status, head.headers);
    let slice = first;
    let spare: Buffer | undefined;
    for (;;) {
      bytes += slice.length;
      const left = range.length - bytes;
      if (left === 0) return { bytes, complete: await sender.end(slice) };
      // One buffer is on its way to the client while the other is filled; then they change places.
      spare ??= Buffer.allocUnsafeSlow(SLICE_BYTES);
      const next = spare.subarray(0, Math.min(left, SLICE_BYTES));
      const position = range.firstByte + bytes;
      const written = sender.write(slice);
      await readSlice(handle, next, position);
      if (!(await written)) return { bytes, complete: false };
      [slice, spare] = [next, slice];
    }
  } catch (error) {
    response.req.socket.destroy();
    return { bytes, complete: false, error };
  } finally {
    sender.release();
  }
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
