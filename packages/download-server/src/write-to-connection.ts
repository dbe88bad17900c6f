// Handing bytes to a response's connection and learning what became of them. Promises here never reject.
// Node does not call a write back once the client has gone, so the connection's own end wakes the one that
// waits. That end is the socket's: a response that is queued behind another one (pipelining) hears of nothing.
import type { ServerResponse } from 'node:http';
import { onSocketClose } from '@claimcheck/shared/http';

/**
 * No accessors here, nor on whatever else is made for each request: V8 makes a hidden class of its own for every
 * object literal that has one, which keeps all of the request in memory until the next major collection.
 */
export interface Connection {
  /** Whether it was the connection that took the bytes; false when it has gone. */
  write(bytes: Buffer): Promise<boolean>;
  /** The last bytes of the body. */
  end(bytes: Buffer): Promise<boolean>;
  /** Waits. False, and at once, when the connection has gone. */
  pause(ms: number): Promise<boolean>;
  isGone(): boolean;
  /** Tears the connection down: no body ends cleanly that is too short. */
  destroy(): void;
  /** Stops listening. */
  release(): void;
}

export function connectionOf(response: ServerResponse): Connection {
  const { socket } = response.req;
  let gone = false;
  let wake: (() => void) | undefined;
  const onClose = () => {
    gone = true;
    wake?.();
  };
  const release = onSocketClose(socket, onClose);
  response.on('error', onClose);

  /** A socket is destroyed a while before it says that it is closed. */
  const isGone = () => gone || socket.destroyed;

  function wait(start: (done: (error?: Error | null) => void) => void): Promise<boolean> {
    if (isGone()) return Promise.resolve(false);
    return new Promise((resolve) => {
      wake = () => resolve(false);
      // A last response's connection may be destroyed already and yet have taken all.
      start((error) => resolve(!gone && (error === undefined || error === null)));
    });
  }
  return {
    write: (bytes) => wait((done) => response.write(bytes, done)),
    end: (bytes) => wait((done) => response.end(bytes, done)),
    async pause(ms) {
      let timer: NodeJS.Timeout | undefined;
      const going = await wait((done) => (timer = setTimeout(() => done(), ms)));
      clearTimeout(timer);
      return going && !isGone();
    },
    isGone,
    destroy() {
      socket.destroy();
      onClose();
    },
    release,
  };
}
