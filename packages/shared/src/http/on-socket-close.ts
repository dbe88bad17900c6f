// One listener a socket, for all the requests on it: a pipelining client has dozens on one connection, and
// a listener each would be taken for a leak.
import type { Socket } from 'node:net';
import { createUnderway, type Underway } from '../underway.js';

const waiting = new WeakMap<Socket, Underway<() => void>>();

/** Calls `then` once when the socket closes; the returned function takes that back. */
export function onSocketClose(socket: Socket, then: () => void): () => void {
  const calls = waiting.get(socket) ?? listen(socket);
  const place = calls.add(then);
  return () => calls.remove(place);
}

function listen(socket: Socket): Underway<() => void> {
  const calls = createUnderway<() => void>();
  waiting.set(socket, calls);
  socket.once('close', () => {
    for (const call of calls.all()) call();
  });
  return calls;
}
