// Writing a batch of events, so that writing it again changes nothing. Only events of claims in our
// list are kept, and of one claim's refusals only so many: whoever holds a used link can make them
// without end, and the table must not grow with that.
import { EVENT_KINDS, type LedgerEvent } from '@claimcheck/shared/ledger';
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import { rowOf, type EventRow } from './event-row.js';
import { noteSentBytes } from './note-sent-bytes.js';
import { tellOfEvents } from './tell-of-events.js';

/** Events of one kind and claim that are kept and counted. */
export const MAX_KEPT_PER_KIND = 1000;

/** What a holder of a link can make happen again and again. */
const REPEATABLE: ReadonlySet<string> = new Set(['refused', 'resumed', 'broken-off']);

const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);

export interface StoreDeps {
  db: Kysely<Schema>;
  appOrigin: string;
  /** Unix milliseconds. */
  now: () => number;
}

/** Stores a batch in one transaction; with its commit the batch may be acknowledged. */
export async function storeEvents(
  { db, appOrigin, now }: StoreDeps,
  events: readonly LedgerEvent[],
): Promise<void> {
  const sound = events.filter(isWellFormed);
  if (sound.length === 0) return;
  await db.transaction().execute(async (transaction) => {
    const ours = await keepOurs(transaction, sound);
    const rows = [...ours.flatMap(toRow), ...(await noteSentBytes(transaction, ours))];
    const kept = await keepSome(transaction, rows);
    if (kept.length === 0) return;
    const stored = await transaction
      .insertInto('claim_event')
      .values(kept)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returningAll()
      .execute();
    await tellOfEvents({ transaction, appOrigin, nowMs: now() }, stored);
  });
}

/** What another hand wrote into the stream must not stop the loop for ever. */
function isWellFormed({ kind, claimId, bytes, firstByte, open, atMs }: LedgerEvent): boolean {
  return (
    KINDS.has(kind) &&
    claimId !== '' &&
    [bytes, firstByte, open].every((count) => Number.isSafeInteger(count) && count >= 0) &&
    !Number.isNaN(new Date(atMs).getTime())
  );
}

/** What a resumable claim's responses tell of their bytes is kept with the claim. */
function toRow(event: LedgerEvent): EventRow[] {
  const { kind } = event;
  return kind === 'sending' || kind === 'sent' ? [] : [rowOf(event, kind, event.bytes)];
}

/** Sign-in links burn through the same ledger and have no place in the claims list. */
async function keepOurs(
  db: Transaction<Schema>,
  events: readonly LedgerEvent[],
): Promise<LedgerEvent[]> {
  const named = [...new Set(events.map(({ claimId }) => claimId))];
  const found = await db.selectFrom('claim').select('id').where('id', 'in', named).execute();
  const ours = new Set(found.map(({ id }) => id));
  return events.filter(({ claimId }) => ours.has(claimId));
}

const keyOf = (row: Pick<EventRow, 'claim_id' | 'kind'>) => `${row.claim_id} ${row.kind}`;

async function keepSome(db: Transaction<Schema>, rows: EventRow[]): Promise<EventRow[]> {
  const repeated = rows.filter(({ kind }) => REPEATABLE.has(kind));
  if (repeated.length === 0) return rows;
  const counts = await db
    .selectFrom('claim_event')
    .select(['claim_id', 'kind', (eb) => eb.fn.countAll<number>().as('times')])
    .where('claim_id', 'in', [...new Set(repeated.map(({ claim_id }) => claim_id))])
    .groupBy(['claim_id', 'kind'])
    .execute();
  const kept = new Map(counts.map((row) => [keyOf(row), row.times]));
  return rows.filter((row) => {
    if (!REPEATABLE.has(row.kind)) return true;
    const times = (kept.get(keyOf(row)) ?? 0) + 1;
    kept.set(keyOf(row), times);
    return times <= MAX_KEPT_PER_KIND;
  });
}
