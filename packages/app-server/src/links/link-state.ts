// What a link has come to, for its sender's list and its recipient's page. Pure, derived at every
// reading from rows, events and the clock; whether a copy may still leave is not decided here.
import type { ListedClaim } from '../claims/list-claims.js';
import type { LinkState } from '../pages/index.js';
import type { CopyRecord, LinkRecord } from './link-tables.js';

/** A copy with what is known of its claim. */
export interface ToldCopy {
  copy: CopyRecord;
  told: ListedClaim;
}

export type { LinkState };

export interface LinkFacts {
  link: LinkRecord;
  /** Whether the file is still in the catalogue. */
  fileIsThere: boolean;
  pageSeen: boolean;
  copies: readonly ToldCopy[];
}

/** What the copies of a link amount to. */
export interface CopyCount {
  /** Begun and burned, or not certain not to be. */
  used: number;
  finished: number;
  running: ToldCopy | undefined;
  interrupted: ToldCopy | undefined;
  lastFinishedAt: Date | undefined;
  lastEndedAt: Date | undefined;
  bytesSent: number;
  refusedCount: number;
}

export function countCopies(copies: readonly ToldCopy[]): CopyCount {
  const stateOf = ({ told }: ToldCopy) => told.state;
  const finished = copies.filter((each) => stateOf(each) === 'finished');
  const used = copies.filter(
    (each) => each.copy.outcome === 'used' || each.told.story.startedAt !== undefined,
  );
  const latest = (all: readonly ToldCopy[]) =>
    all
      .flatMap(({ told }) => told.story.endedAt ?? [])
      .toSorted((a, b) => b.getTime() - a.getTime())[0];
  return {
    used: used.length,
    finished: finished.length,
    running: copies.find((each) => stateOf(each) === 'started'),
    interrupted: copies.find((each) => isInterrupted(each)),
    lastFinishedAt: latest(finished),
    lastEndedAt: latest(used),
    bytesSent: copies.reduce((sum, { told }) => sum + told.story.bytesSent, 0),
    refusedCount: copies.reduce((sum, { told }) => sum + told.story.refusedCount, 0),
  };
}

export function stateOfLink(facts: LinkFacts, nowMs: number): LinkState {
  const { link, copies } = facts;
  const { used, finished, running, interrupted } = countCopies(copies);
  if (finished >= link.copies) return 'finished';
  if (link.revoked_at !== null) return 'revoked';
  if (!facts.fileIsThere) return 'file-gone';
  if (running) return 'under-way';
  if (interrupted) return 'interrupted';
  if (used >= link.copies) return 'broken-off';
  if (link.expires_at.getTime() <= nowMs) return 'expired';
  if (used > 0) return 'partly';
  return facts.pageSeen ? 'seen' : 'waiting';
}

function isInterrupted({ copy, told }: ToldCopy): boolean {
  return copy.outcome === null && told.state === 'interrupted';
}
