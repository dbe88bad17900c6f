// How many downloads run at once, and how many of one claim. Each holds a file descriptor, a socket and its buffers, so beyond a
// limit a request is told to come back, before anything of it is opened or burned.
import type { DownloadClaim } from '@claimcheck/shared/claim';
import { Refused } from './problems.js';

export interface Slots {
  /** How many are taken. */
  readonly taken: number;
  /**
   * Takes one for a request with this claim; the returned function gives it back, once. A strict claim needs no
   * limit of its own: of all that ask at once, the burn refuses all but one.
   * @throws Refused `busy` when all are taken, or all of this claim, or when no more are given out.
   */
  take(claim: Pick<DownloadClaim, 'jti' | 'mod'>): () => void;
  /** Gives out no more. */
  close(): void;
}

/** Enough for any download manager; more would only be there to keep others out. */
export const MOST_OF_ONE_CLAIM = 8;

export function createSlots(most: number): Slots {
  let taken = 0;
  const ofClaim = new Map<string, number>();
  let closed = false;
  return {
    get taken() {
      return taken;
    },
    take({ jti: claimId, mod }) {
      if (closed) throw new Refused('busy', { reason: 'stopping' });
      if (taken >= most) throw new Refused('busy', { reason: `${most} downloads are running` });
      const own = ofClaim.get(claimId) ?? 0;
      if (own >= MOST_OF_ONE_CLAIM && mod === 'resumable') {
        throw new Refused('busy', {
          reason: `${MOST_OF_ONE_CLAIM} responses of this claim are open`,
        });
      }
      taken += 1;
      ofClaim.set(claimId, own + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        taken -= 1;
        const left = (ofClaim.get(claimId) ?? 1) - 1;
        if (left === 0) ofClaim.delete(claimId);
        else ofClaim.set(claimId, left);
      };
    },
    close() {
      closed = true;
    },
  };
}
