// Answering before a body has been read to its end. Closing the connection at once would reset it, and
// the sender, who is still writing, would see a broken connection instead of the reason. So the rest
// is read and dropped for a bounded while, and only then the connection is cut.
import type { IncomingMessage } from 'node:http';

const LONGEST_MS = 10_000;
const MOST_BYTES = 256 * 2 ** 20;

/** Reads on into nothing, for ten seconds or 256 MiB at most. Does not wait. */
export function leaveBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const { socket } = request;
  let dropped = 0;
  const cut = () => socket.destroy();
  const timer = setTimeout(cut, LONGEST_MS);
  const done = () => {
    clearTimeout(timer);
    socket.off('close', done);
  };
  // Once the answer is out, Node no longer tells a request that its connection has closed.
  socket.once('close', done);
  request.once('end', done).once('close', done).on('error', done);
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MOST_BYTES) cut();
  });
  request.resume();
}
