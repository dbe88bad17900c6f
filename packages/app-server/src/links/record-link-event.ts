// Writing down what happened around a link. What recipients can cause without end is kept once in a
// while only, so that the table does not grow with how often somebody presses.
import { sql, type Kysely, type Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { Schema } from '../database/schema.js';
import type { LinkEventKind } from './link-tables.js';

/** The same thing again within this is the same story, in milliseconds. */
const AGAIN_MS: Partial<Record<LinkEventKind, number>> = {
  'page-seen': 10 * 60_000,
  'held-back': 10 * 60_000,
  'code-wrong': 1000,
  refused: 60_000,
};

const MAX_DETAIL = 300;

/** Of one kind a link keeps so many, whoever varies what is said of it. */
const MAX_OF_A_KIND = 200;

export interface LinkHappening {
  linkId: string;
  kind: LinkEventKind;
  detail?: string | undefined;
  atMs: number;
}

/** Keeps it, unless the same kind was kept shortly before. */
export async function recordLinkEvent(
  db: Kysely<Schema> | Transaction<Schema>,
  { linkId, kind, detail, atMs }: LinkHappening,
): Promise<void> {
  const at = new Date(atMs);
  const againMs = AGAIN_MS[kind];
  const text = detail?.slice(0, MAX_DETAIL) ?? null;
  if (againMs === undefined) {
    const row = { id: newId(), link_id: linkId, kind, detail: text, at };
    await db.insertInto('link_event').values(row).execute();
    return;
  }
  const since = new Date(atMs - againMs);
  await sql`
    insert into link_event (id, link_id, kind, detail, at)
    select ${newId()}, ${linkId}, ${kind}, ${text}::text, ${at}::timestamptz
    where not exists (
      select 1 from link_event
      where link_id = ${linkId} and kind = ${kind} and at > ${since}::timestamptz
        and detail is not distinct from ${text}::text
    ) and (
      select count(*) from link_event where link_id = ${linkId} and kind = ${kind}
    ) < ${MAX_OF_A_KIND}`.execute(db);
}
