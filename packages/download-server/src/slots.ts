// How many downloads run at once. Each holds a file descriptor, a socket and its buffers, so beyond a
// limit a request is told to come back, before anything of it is opened or burned.
import { Refused } from './problems.js';

export interface Slots {
  /** How many are taken. */
  readonly taken: number;
  /**
   * Takes one; the returned function gives it back, once.
   * @throws Refused `busy` when all are taken, or when no more are given out.
   */
  take(): () => void;
  /** Gives out no more. */
  close(): void;
}

export function createSlots(most: number): Slots {
  let taken = 0;
  let closed = false;
  return {
    get taken() {
      return taken;
    },
    take() {
      if (closed) throw new Refused('busy', { reason: 'stopping' });
      if (taken >= most) throw new Refused('busy', { reason: `${most} downloads are running` });
      taken += 1;
      let held = true;
      return () => {
        if (held) taken -= 1;
        held = false;
      };
    },
    close() {
      closed = true;
    },
  };
}
