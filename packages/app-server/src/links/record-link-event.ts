// Writing down what happened around a link, and queueing for the account's webhooks what they are told
// of, in one transaction. What recipients can cause without end is kept once in a while only, so that no
// table grows with how often somebody presses.
import { sql, type Kysely, type Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { Schema } from '../database/schema.js';
import type { WebhookEvent } from '../webhooks/event-types.js';
import { queueWebhookEvents, type EventToTell } from '../webhooks/queue-event.js';
import type { LinkEventKind, LinkEventRecord, LinkRecord } from './link-tables.js';

/** What visitors of a link's page cause; the rest is the sender's doing, or the clock's. */
export type VisitKind = 'page-seen' | 'held-back' | 'code-wrong' | 'refused';

/** The same thing again within this is the same story, in milliseconds. */
const AGAIN_MS: Record<VisitKind, number> = {
  'page-seen': 10 * 60_000,
  'held-back': 10 * 60_000,
  'code-wrong': 1000,
  refused: 60_000,
};

const TOLD: Partial<Record<LinkEventKind, WebhookEvent>> = {
  created: 'link.created',
  'page-seen': 'link.page_seen',
  expired: 'link.expired',
  revoked: 'link.revoked',
};

const MAX_DETAIL = 300;
const ROWS_AT_A_TIME = 1000;

/** Of one kind a link keeps so many, whoever varies what is said of it. */
const MAX_OF_A_KIND = 200;

export interface LinkHappening<Kind extends LinkEventKind = LinkEventKind> {
  link: LinkRecord;
  kind: Kind;
  detail?: string | undefined;
  atMs: number;
}

/** Keeps all of them, in the transaction of what they tell of. */
export async function recordLinkEvents(
  transaction: Transaction<Schema>,
  happenings: readonly LinkHappening<Exclude<LinkEventKind, VisitKind>>[],
): Promise<void> {
  const events = happenings.map((each) => ({ ...each, row: rowOf(each) }));
  for (let i = 0; i < events.length; i += ROWS_AT_A_TIME) {
    const rows = events.slice(i, i + ROWS_AT_A_TIME).map(({ row }) => row);
    await transaction.insertInto('link_event').values(rows).execute();
  }
  await queueWebhookEvents(
    transaction,
    events.flatMap(({ link, row }) => toldOf(link, row)),
  );
}

/** Keeps what a visitor caused, unless the same was kept shortly before. */
export async function recordVisit(
  db: Kysely<Schema>,
  happening: LinkHappening<VisitKind>,
): Promise<void> {
  const row = rowOf(happening);
  const told = toldOf(happening.link, row);
  if (told.length === 0) await keepUnlessAgain(db, row, AGAIN_MS[happening.kind]);
  else {
    await db.transaction().execute(async (transaction) => {
      const kept = await keepUnlessAgain(transaction, row, AGAIN_MS[happening.kind]);
      if (kept) await queueWebhookEvents(transaction, told);
    });
  }
}

/** True when it was kept. */
async function keepUnlessAgain(
  db: Kysely<Schema>,
  { id, link_id, kind, detail, at }: LinkEventRecord,
  againMs: number,
): Promise<boolean> {
  const since = new Date(at.getTime() - againMs);
  const { rows } = await sql`
    insert into link_event (id, link_id, kind, detail, at)
    select ${id}, ${link_id}, ${kind}, ${detail}::text, ${at}::timestamptz
    where not exists (
      select 1 from link_event
      where link_id = ${link_id} and kind = ${kind} and at > ${since}::timestamptz
        and detail is not distinct from ${detail}::text
    ) and (
      select count(*) from link_event where link_id = ${link_id} and kind = ${kind}
    ) < ${MAX_OF_A_KIND}
    returning id`.execute(db);
  return rows.length > 0;
}

function rowOf({ link, kind, detail, atMs }: LinkHappening): LinkEventRecord {
  const at = new Date(atMs);
  return { id: newId(), link_id: link.id, kind, detail: detail?.slice(0, MAX_DETAIL) ?? null, at };
}

/** The event for webhooks; none for what they are not told. */
function toldOf(link: LinkRecord, { id, kind, at }: LinkEventRecord): EventToTell[] {
  const type = TOLD[kind];
  if (type === undefined) return [];
  const data = {
    linkId: link.id,
    recipient: link.recipient,
    fileId: link.file_id,
    fileName: link.file_name,
    size: link.size_bytes,
    expiresAt: link.expires_at.toISOString(),
  };
  return [{ accountId: link.account_id, type, at, data, stableId: `link-event:${id}` }];
}
