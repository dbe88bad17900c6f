// Handing one slice of a body to its connection: paid for where that is asked, drawn from the rate's bucket
// where there is one, and in as many pieces as those two make of it. Never rejects, so that a slice may be on
// its way while the next is being read.
import type { Rate } from './limit-rate.js';
import type { Connection } from './write-to-connection.js';

export type Allow = (wanted: number) => number | Promise<number>;

export interface HandOverOptions {
  /**
   * Asked before bytes are handed to the connection: how many of `wanted` may be sent now. From 1 to `wanted`;
   * 0 is no more, upon which the connection is torn down. Without it all may. A number that is known at once
   * costs no wait.
   */
  allow?: Allow | undefined;
  /** The bucket that every byte is drawn from, the first slice's included. */
  rate?: Rate | undefined;
}

export type Outcome = 'taken' | 'gone' | 'refused-more' | { error: unknown };

export interface HandOver {
  /** Body bytes handed to the connection so far. */
  bytes(): number;
  /** Resolves when the connection has taken the slice, or will not. `isLast` ends the body with it. */
  hand(slice: Buffer, isLast: boolean): Promise<Outcome>;
}

export function createHandOver(connection: Connection, { allow, rate }: HandOverOptions): HandOver {
  let bytes = 0;

  async function hand(slice: Buffer, isLast: boolean): Promise<Outcome> {
    let from = 0;
    do {
      let wanted = slice.length - from;
      if (rate !== undefined) wanted = Math.min(wanted, rate.pieceBytes);
      if (allow !== undefined && wanted > 0) {
        const answer = allow(wanted);
        const allowed = Math.floor(typeof answer === 'number' ? answer : await answer);
        // Written so that NaN is no permission.
        if (!(allowed >= 1)) return 'refused-more';
        wanted = Math.min(wanted, allowed);
      }
      if (rate !== undefined) {
        const waitMs = rate.draw(wanted);
        if (waitMs > 0 && !(await connection.pause(waitMs))) return 'gone';
      }
      if (connection.isGone()) return 'gone';
      const to = from + wanted;
      const piece = wanted === slice.length ? slice : slice.subarray(from, to);
      bytes += wanted;
      const isEnd = isLast && to === slice.length;
      const taken = isEnd ? connection.end(piece) : connection.write(piece);
      if (!(await taken)) return 'gone';
      from = to;
    } while (from < slice.length);
    return 'taken';
  }

  return {
    bytes: () => bytes,
    hand: (slice, isLast) => hand(slice, isLast).catch((error: unknown) => ({ error })),
  };
}
