// Which bytes of a file have left for a resumable claim. Its responses may come in any order and overlap, from
// several servers, and be told more than once; so what is kept is the union of all of them, which no
// repetition changes, and the copy is whole when that is the whole file.
import type { LedgerEvent } from '@claimcheck/shared/ledger';
import { sql, type Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import { rowOf, type EventRow } from './event-row.js';

/** Events of resumable claims that change what is known of their copies, oldest first. */
type CopyEvent = LedgerEvent & { kind: 'started' | 'resumed' | 'sending' | 'sent' };

/** Brings the claims' rows up to date, and returns what is worth telling of them. */
export async function noteSentBytes(
  db: Transaction<Schema>,
  events: readonly LedgerEvent[],
): Promise<EventRow[]> {
  const byClaim = new Map<string, CopyEvent[]>();
  for (const event of events.filter(isOfCopy)) {
    byClaim.set(event.claimId, [...(byClaim.get(event.claimId) ?? []), event]);
  }
  const told: EventRow[] = [];
  for (const [claimId, own] of byClaim) told.push(...(await noteCopy(db, claimId, own)));
  return told;
}

function isOfCopy(event: LedgerEvent): event is CopyEvent {
  return ['started', 'resumed', 'sending', 'sent'].includes(event.kind);
}

async function noteCopy(
  db: Transaction<Schema>,
  claimId: string,
  events: readonly CopyEvent[],
): Promise<EventRow[]> {
  const last = events.at(-1);
  if (last === undefined) return [];
  const sent = sql`(sent + ${multirangeOf(events)}::int8multirange)`;
  const lastAt = new Date(last.atMs);
  const copy = await db
    .updateTable('claim')
    .set({
      sent: sql<string>`${sent}`,
      sent_bytes: sql<number>`coalesce((select sum(upper(part) - lower(part)) from unnest(${sent}) part), 0)`,
      // Told again, or by another reader: what is older than what is known says nothing new.
      open_responses: sql<number>`case when last_event_at > ${lastAt} then open_responses else ${last.open} end`,
      last_event_at: sql<Date>`greatest(last_event_at, ${lastAt})`,
    })
    .where('id', '=', claimId)
    .where('mode', '=', 'resumable')
    .returning(['size_bytes', 'sent_bytes', 'finished_at', 'open_responses'])
    .executeTakeFirst();
  const ended = events.findLast(({ kind }) => kind === 'sent');
  // After the end a client may still fetch its last bytes again: it was whole all the same.
  if (copy === undefined || ended === undefined || copy.finished_at !== null) return [];
  if (copy.sent_bytes >= copy.size_bytes) {
    await db
      .updateTable('claim')
      .set({ finished_at: new Date(ended.atMs) })
      .where('id', '=', claimId)
      .execute();
    return [rowOf(ended, 'finished', copy.sent_bytes)];
  }
  return copy.open_responses === 0 ? [rowOf(ended, 'broken-off', copy.sent_bytes)] : [];
}

/** As PostgreSQL reads a multirange; parts that overlap are joined by it. */
function multirangeOf(events: readonly CopyEvent[]): string {
  const parts = events
    .filter(({ bytes }) => bytes > 0)
    .map(({ firstByte, bytes }) => `[${firstByte},${firstByte + bytes})`);
  return `{${parts.join(',')}}`;
}
