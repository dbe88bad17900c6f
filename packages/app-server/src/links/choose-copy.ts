// Which copy of a link a press is for. Pure. Nobody signs in here and no cookie may be needed, so "the
// same person again" is a guess; it is made so that a wrong one never lets an extra copy leave.

/** One copy of a link, as its last claim stands. */
export interface CopyStanding {
  /** 1 to the number of copies the sender allows. */
  number: number;
  /**
   * `ready`: its claim waits to be used. `under-way`: burned, and can be finished. `spent`: over.
   * `free`: its last claim is certain never to be burned, so that it may have another.
   */
  standing: 'ready' | 'under-way' | 'spent' | 'free';
  /** Hash of the cookie of the browser that began it; null when it brought none. */
  browser: string | null;
  beganAtMs: number;
}

export type Choice =
  { kind: 'continue'; number: number } | { kind: 'begin'; number: number } | { kind: 'spent' };

export interface Chooser {
  /** Hash of the cookie that came with the press. */
  browser: string | undefined;
  /** How many copies may be begun in all; 0 when the link has expired. */
  copies: number;
}

/**
 * In this order: the copy that this browser began and has not finished; for a browser that shows by
 * its cookie that it is another, a new copy; for one without cookies the newest unfinished copy; a new
 * one; and when there is none left, whatever is unfinished, since it may be the same person's.
 */
export function chooseCopy(standings: readonly CopyStanding[], chooser: Chooser): Choice {
  const open = standings
    .filter(({ standing }) => standing === 'ready' || standing === 'under-way')
    .toSorted((a, b) => b.beganAtMs - a.beganAtMs);
  const own = open.find(({ browser }) => browser !== null && browser === chooser.browser);
  if (own) return { kind: 'continue', number: own.number };
  const [newest] = open;
  if (newest && chooser.browser === undefined) return { kind: 'continue', number: newest.number };
  const next = nextNumber(standings, chooser.copies);
  if (next !== undefined) return { kind: 'begin', number: next };
  return newest ? { kind: 'continue', number: newest.number } : { kind: 'spent' };
}

/** A copy that was begun in vain comes first: it counts as begun. */
function nextNumber(standings: readonly CopyStanding[], copies: number): number | undefined {
  if (copies === 0) return undefined;
  const free = standings.find(({ standing }) => standing === 'free');
  if (free) return free.number;
  const begun = Math.max(0, ...standings.map(({ number }) => number));
  return begun < copies ? begun + 1 : undefined;
}
