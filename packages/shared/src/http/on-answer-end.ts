// When a request's answer has come to its end: sent, broken off, or never sent at all, since one that is queued
// behind another (pipelining) hears nothing when the connection goes. One listener for all who want to know.
import type { ServerResponse } from 'node:http';
import { onSocketClose } from './on-socket-close.js';

/** On the response itself: a map of all of them would cost more than the listener. */
const WAITING = Symbol('waiting for its end');

interface Awaited extends ServerResponse {
  [WAITING]?: (() => void)[];
}

/** Calls `then` once, when the response or its connection closes. */
export function onAnswerEnd(response: ServerResponse, then: () => void): void {
  const awaited: Awaited = response;
  const waiting = awaited[WAITING];
  if (waiting !== undefined) {
    waiting.push(then);
    return;
  }
  const calls = (awaited[WAITING] = [then]);
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    forget();
    for (const call of calls) call();
  };
  const forget = onSocketClose(response.req.socket, end);
  response.once('close', end);
}
