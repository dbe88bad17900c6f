// Writing a batch of events, so that writing it again changes nothing. Only events of claims in our
// list are kept, and of one claim's refusals only so many: whoever holds a used link can make them
// without end, and the table must not grow with that.
import type { LedgerEvent } from '@claimcheck/shared/ledger';
import type { Insertable, Kysely, Transaction } from 'kysely';
import type { ClaimEventTable, Schema } from '../database/schema.js';
import { queueDownloadEvents } from '../webhooks/queue-event.js';

/** Refusals of one claim that are kept and counted. */
export const MAX_REFUSALS_KEPT = 1000;

const KINDS: ReadonlySet<string> = new Set<LedgerEvent['kind']>([
  'started',
  'finished',
  'broken-off',
  'refused',
]);

type EventRow = Insertable<ClaimEventTable>;

/** Stores a batch in one transaction; with its commit the batch may be acknowledged. */
export async function storeEvents(
  db: Kysely<Schema>,
  events: readonly LedgerEvent[],
): Promise<void> {
  const rows = events.filter(isWellFormed).map(toRow);
  if (rows.length === 0) return;
  await db.transaction().execute(async (transaction) => {
    const ours = await keepOurs(transaction, rows);
    const kept = await keepSomeRefusals(transaction, ours);
    if (kept.length === 0) return;
    const stored = await transaction
      .insertInto('claim_event')
      .values(kept)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returningAll()
      .execute();
    await queueDownloadEvents(transaction, stored);
  });
}

/** What another hand wrote into the stream must not stop the loop for ever. */
function isWellFormed({ kind, claimId, bytes, atMs }: LedgerEvent): boolean {
  return (
    KINDS.has(kind) &&
    claimId !== '' &&
    Number.isSafeInteger(bytes) &&
    bytes >= 0 &&
    !Number.isNaN(new Date(atMs).getTime())
  );
}

/**
 * The ledger's own ids repeat: the memory ledger counts from 1 in each life, and a flushed Redis may
 * draw an id again. With claim, kind and instant beside it the key is unique over all lives.
 */
function toRow({ id, kind, claimId, bytes, atMs }: LedgerEvent): EventRow {
  return {
    id: `${id}:${kind}:${atMs}:${claimId}`,
    claim_id: claimId,
    kind,
    bytes,
    at: new Date(atMs),
  };
}

/** Sign-in links burn through the same ledger and have no place in the claims list. */
async function keepOurs(db: Transaction<Schema>, rows: EventRow[]): Promise<EventRow[]> {
  const named = [...new Set(rows.map(({ claim_id }) => claim_id))];
  const found = await db.selectFrom('claim').select('id').where('id', 'in', named).execute();
  const ours = new Set(found.map(({ id }) => id));
  return rows.filter(({ claim_id }) => ours.has(claim_id));
}

async function keepSomeRefusals(db: Transaction<Schema>, rows: EventRow[]): Promise<EventRow[]> {
  const refused = rows.filter(({ kind }) => kind === 'refused');
  if (refused.length === 0) return rows;
  const counts = await db
    .selectFrom('claim_event')
    .select(['claim_id', (eb) => eb.fn.countAll<number>().as('times')])
    .where('kind', '=', 'refused')
    .where('claim_id', 'in', [...new Set(refused.map(({ claim_id }) => claim_id))])
    .groupBy('claim_id')
    .execute();
  const kept = new Map(counts.map(({ claim_id, times }) => [claim_id, times]));
  return rows.filter(({ claim_id, kind }) => {
    if (kind !== 'refused') return true;
    const times = (kept.get(claim_id) ?? 0) + 1;
    kept.set(claim_id, times);
    return times <= MAX_REFUSALS_KEPT;
  });
}
