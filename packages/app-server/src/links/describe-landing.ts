// What the page of a link says at this moment, from the database alone: whoever opens pages, people or
// scanners, never reaches the ledger. What may leave is decided by the press.
import { formatProgress } from '#browser/format-size.js';
import type { AppContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { formatTime } from '../pages/index.js';
import type { LandingState } from '../pages/index.js';
import type { FoundLink } from './find-link.js';
import { refusalOf } from './find-link.js';
import { countCopies, type ToldCopy } from './link-state.js';
import { readToldCopies } from './list-links.js';

export interface LandingFacts {
  state: LandingState;
  /** Copies that nobody has begun. */
  copiesLeft: number;
  sentBytes: number;
  lastFinishedAt: Date | undefined;
}

/**
 * @throws Refused with a link's refusal and what exactly happened, when there is nothing left to press.
 */
export async function describeLanding(
  { db, now }: Pick<AppContext, 'db' | 'now'>,
  found: FoundLink,
): Promise<LandingFacts> {
  const { link } = found;
  const refusal = refusalOf(found);
  if (refusal !== undefined) throw new Refused(refusal);
  const copies = (await readToldCopies(db, [link.id], now())).get(link.id) ?? [];
  const { used, running, interrupted, lastFinishedAt } = countCopies(copies);
  const waiting = copies.find(
    ({ copy, told }) => copy.outcome === null && told.state === 'waiting',
  );
  const open = running ?? interrupted ?? waiting;
  const copiesLeft = link.copies - used;
  if (open === undefined && copiesLeft <= 0) throw usedUp(copies);
  if (open === undefined && link.expires_at.getTime() <= now()) {
    throw new Refused(
      'link-expired',
      `It worked until ${formatTime(link.expires_at)}. Ask the sender to extend it or to send it again.`,
    );
  }
  return {
    state: stateOf({ running, interrupted, waiting }),
    copiesLeft,
    sentBytes: open?.told.story.bytesSent ?? 0,
    lastFinishedAt,
  };
}

function stateOf(open: {
  running: ToldCopy | undefined;
  interrupted: ToldCopy | undefined;
  waiting: ToldCopy | undefined;
}): LandingState {
  if (open.running) return 'running';
  if (open.interrupted) return 'interrupted';
  return open.waiting ? 'pressed' : 'open';
}

/** When it was fetched, or how far the last copy came: the two things a worried recipient asks. */
export function usedUp(copies: readonly ToldCopy[]): Refused {
  const { finished, lastFinishedAt, lastEndedAt } = countCopies(copies);
  if (finished > 0 && lastFinishedAt) {
    return new Refused(
      'link-used',
      `It was downloaded completely on ${formatTime(lastFinishedAt)}. If that was you, look in your downloads. If not, tell the sender: somebody else had the link.`,
    );
  }
  const last = copies.at(-1)?.told;
  if (last && lastEndedAt) {
    const progress = formatProgress(last.story.bytesSent, last.claim.size_bytes);
    return new Refused(
      'link-used',
      `The download broke off on ${formatTime(lastEndedAt)} after ${progress}, and too much time has passed to continue it. Ask the sender to allow one more copy.`,
    );
  }
  return new Refused('link-used');
}
