// One listener a socket, for all the requests on it: a pipelining client has dozens on one connection, and
// a listener each would be taken for a leak.
import type { Socket } from 'node:net';

const waiting = new WeakMap<Socket, Set<() => void>>();

/** Calls `then` once when the socket closes; the returned function takes that back. */
export function onSocketClose(socket: Socket, then: () => void): () => void {
  const calls = waiting.get(socket) ?? listen(socket);
  calls.add(then);
  return () => void calls.delete(then);
}

function listen(socket: Socket): Set<() => void> {
  const calls = new Set<() => void>();
  waiting.set(socket, calls);
  socket.once('close', () => {
    for (const call of calls) call();
  });
  return calls;
}
