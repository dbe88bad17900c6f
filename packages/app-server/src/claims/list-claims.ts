// The claims list: what became of each. The state is derived at every reading from the row, the clock
// and the ledger's events; nothing that could go stale is stored.
import { COPY_IDLE_SECONDS, MAX_COPY_SECONDS } from '@claimcheck/shared/claim';
import { sql, type Kysely } from 'kysely';
import type { ClaimRecord, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';

/** `interrupted`: a copy has begun, is not whole, and the client may still go on with it. */
export type ClaimState =
  'waiting' | 'started' | 'interrupted' | 'finished' | 'broken-off' | 'expired' | 'revoked';

/** An open response is heard of every ten seconds; after this long its server must have died. */
const SILENT_AFTER_MS = 60_000;

/** What the events say of one claim. */
export interface ClaimStory {
  startedAt?: Date;
  /** When the last copy was finished or broke off. */
  endedAt?: Date;
  finished: boolean;
  /** Different bytes of the file. */
  bytesSent: number;
  /** How often it was presented again after it had been used; counted up to `MAX_KEPT_PER_KIND`. */
  refusedCount: number;
  lastRefusedAt?: Date;
}

export interface ListedClaim {
  claim: ClaimRecord;
  state: ClaimState;
  story: ClaimStory;
}

/** One page of an account's claims, newest first. */
export async function listClaims(
  db: Kysely<Schema>,
  accountId: string,
  request: PageRequest,
  nowMs: number,
): Promise<PageOf<ListedClaim>> {
  const own = db
    .selectFrom('claim')
    .selectAll()
    .where('account_id', '=', accountId)
    // Those of links are told with their link.
    .where('link_id', 'is', null);
  const { rows, next } = await readPage(own, request);
  return { next, rows: await tellClaims(db, rows, nowMs) };
}

/** What became of these claims, in their order. */
export async function tellClaims(
  db: Kysely<Schema>,
  claims: readonly ClaimRecord[],
  nowMs: number,
): Promise<ListedClaim[]> {
  const stories = await readStories(
    db,
    claims.map(({ id }) => id),
  );
  return claims.map((claim) => {
    const story = { ...(stories.get(claim.id) ?? untold()), ...copyOf(claim) };
    return { claim, story, state: stateOf(claim, story, nowMs) };
  });
}

/** A claim that was used is told by its use, even if it was withdrawn or ran out afterwards. Pure. */
export function stateOf(
  claim: Pick<ClaimRecord, 'revoked_at' | 'expires_at' | 'mode' | CopyColumn>,
  story: ClaimStory,
  nowMs: number,
): ClaimState {
  if (story.finished) return 'finished';
  if (claim.mode === 'resumable' && claim.last_event_at) {
    if (claim.open_responses > 0 && nowMs < claim.last_event_at.getTime() + SILENT_AFTER_MS)
      return 'started';
    if (claim.revoked_at) return 'revoked';
    return nowMs < (resumableUntil(claim, story)?.getTime() ?? 0) ? 'interrupted' : 'broken-off';
  }
  if (story.endedAt) return 'broken-off';
  if (story.startedAt) return 'started';
  if (claim.revoked_at) return 'revoked';
  return claim.expires_at.getTime() < nowMs ? 'expired' : 'waiting';
}

type CopyColumn = 'last_event_at' | 'open_responses' | 'finished_at' | 'sent_bytes';

/** Until when an interrupted copy can be resumed, if nothing more happens; undefined when none has begun. */
export function resumableUntil(
  { last_event_at: lastEventAt }: Pick<ClaimRecord, 'last_event_at'>,
  { startedAt = lastEventAt ?? undefined }: Pick<ClaimStory, 'startedAt'>,
): Date | undefined {
  if (lastEventAt === null || startedAt === undefined) return undefined;
  return new Date(
    Math.min(
      lastEventAt.getTime() + COPY_IDLE_SECONDS * 1000,
      startedAt.getTime() + MAX_COPY_SECONDS * 1000,
    ),
  );
}

/** What the row of a resumable claim says of its copy; its events are not asked for that. */
function copyOf(claim: ClaimRecord): Partial<ClaimStory> {
  if (claim.mode === 'strict') return {};
  const { finished_at: finishedAt, last_event_at: lastEventAt, open_responses: open } = claim;
  const endedAt = finishedAt ?? (open === 0 ? lastEventAt : null);
  return {
    finished: finishedAt !== null,
    bytesSent: claim.sent_bytes,
    ...(endedAt === null ? {} : { endedAt }),
  };
}

async function readStories(db: Kysely<Schema>, ids: string[]): Promise<Map<string, ClaimStory>> {
  const stories = new Map<string, ClaimStory>();
  if (ids.length === 0) return stories;
  const groups = await db
    .selectFrom('claim_event')
    .select(['claim_id', 'kind'])
    .select(({ fn }) => [
      fn.countAll<number>().as('times'),
      fn.min('at').as('first'),
      fn.max('at').as('last'),
    ])
    // A sum of bigint is numeric, which would arrive as text.
    .select(sql<number>`sum(bytes)::bigint`.as('bytes'))
    .where('claim_id', 'in', ids)
    .groupBy(['claim_id', 'kind'])
    .execute();
  for (const { claim_id, kind, times, first, last, bytes } of groups) {
    const story = stories.get(claim_id) ?? untold();
    stories.set(claim_id, story);
    if (kind === 'started') story.startedAt = first;
    if (kind === 'refused') Object.assign(story, { refusedCount: times, lastRefusedAt: last });
    if (kind === 'finished' || kind === 'broken-off') {
      story.bytesSent += bytes;
      story.finished ||= kind === 'finished';
      if (story.endedAt === undefined || last > story.endedAt) story.endedAt = last;
    }
  }
  return stories;
}

function untold(): ClaimStory {
  return { finished: false, bytesSent: 0, refusedCount: 0 };
}
