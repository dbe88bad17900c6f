// The claims list: what became of each. The state is derived at every reading from the row, the clock
// and the ledger's events; nothing that could go stale is stored.
import { sql, type Kysely } from 'kysely';
import type { ClaimRecord, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import { keyRetirementOf, resumableUntil, type KilledKeys } from './claim-keys.js';

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
  /** Of a `revoked` one: when the key that signed it was retired in an emergency, if that is why. */
  keyRetiredAt?: Date | undefined;
}

/** One page of an account's claims, newest first. */
export async function listClaims(
  { db, keys }: { db: Kysely<Schema>; keys: KilledKeys },
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
  return { next, rows: await tellClaims(db, rows, nowMs, keys) };
}

/**
 * What became of these claims, in their order.
 * @param keys by whose retirement they are told as revoked; left out where that ends no copy (a link's).
 */
export async function tellClaims(
  db: Kysely<Schema>,
  claims: readonly ClaimRecord[],
  nowMs: number,
  keys?: KilledKeys,
): Promise<ListedClaim[]> {
  const stories = await readStories(
    db,
    claims.map(({ id }) => id),
  );
  return claims.map((claim) => {
    const story = { ...(stories.get(claim.id) ?? untold()), ...copyOf(claim) };
    const keyRetiredAt = keys && keyRetirementOf(claim, story.startedAt, keys);
    const revokedAt = claim.revoked_at ?? keyRetiredAt ?? null;
    const state = stateOf({ ...claim, revoked_at: revokedAt }, story, nowMs);
    return { claim, story, state, keyRetiredAt: state === 'revoked' ? keyRetiredAt : undefined };
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
