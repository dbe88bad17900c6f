// The story of one link, oldest first: what its sender did, what became of its mail, who looked, and
// what the download servers reported of its claims. Put together at reading; nothing is kept twice.
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { countCopies } from './link-state.js';
import type { ListedLink } from './list-links.js';
import type { LinkEventKind } from './link-tables.js';

export type TimelineKind =
  | LinkEventKind
  | 'mail-queued'
  | 'mailed'
  | 'mail-failed'
  | 'started'
  | 'resumed'
  | 'finished'
  | 'broken-off'
  | 'expired';

export interface TimelineEntry {
  at: Date;
  kind: TimelineKind;
  /** In the words of the kind: a browser's name, an address, a reason. */
  detail?: string | undefined;
  /** Different bytes of the file that have left until then. */
  bytes?: number | undefined;
}

/** Of a resumable claim: how much has left of the copy by then. */
const HAVE_BYTES: ReadonlySet<string> = new Set(['finished', 'broken-off']);

/** Longer stories are told by their newest entries. */
const MAX_ENTRIES = 1000;

/** One of the account's links, found before, with its whole story. */
export async function readTimeline(
  db: Kysely<Schema>,
  listed: ListedLink,
  nowMs: number,
): Promise<TimelineEntry[]> {
  const { link } = listed;
  const [own, mails, claims] = await Promise.all([
    db
      .selectFrom('link_event')
      .selectAll()
      .where('link_id', '=', link.id)
      .orderBy('at', 'desc')
      .limit(MAX_ENTRIES)
      .execute(),
    db
      .selectFrom('outbox_mail')
      .select(['recipient', 'state', 'last_error', 'created_at', 'sent_at', 'next_attempt_at'])
      .where('link_id', '=', link.id)
      .where('kind', '=', 'link')
      .execute(),
    db
      .selectFrom('claim_event')
      .innerJoin('claim', 'claim.id', 'claim_event.claim_id')
      .select(['claim_event.kind', 'claim_event.bytes', 'claim_event.at'])
      .where('claim.link_id', '=', link.id)
      .orderBy('claim_event.at', 'desc')
      .limit(MAX_ENTRIES)
      .execute(),
  ]);
  const entries: TimelineEntry[] = [
    ...own.map(({ at, kind, detail }) => ({ at, kind, detail: detail ?? undefined })),
    ...mails.flatMap((mail): TimelineEntry[] => [
      { at: mail.created_at, kind: 'mail-queued', detail: mail.recipient },
      ...(mail.sent_at
        ? [{ at: mail.sent_at, kind: 'mailed', detail: mail.recipient } as const]
        : []),
      ...(mail.state !== 'sent' && mail.last_error !== null
        ? [{ at: mail.next_attempt_at, kind: 'mail-failed', detail: mail.last_error } as const]
        : []),
    ]),
    ...claims.map(({ at, kind, bytes }) => ({
      at,
      kind,
      bytes: HAVE_BYTES.has(kind) ? bytes : undefined,
    })),
  ];
  if (hasRunOut(listed, nowMs)) entries.push({ at: link.expires_at, kind: 'expired' });
  return entries.toSorted((a, b) => a.at.getTime() - b.at.getTime()).slice(-MAX_ENTRIES);
}

function hasRunOut({ link, copies }: ListedLink, nowMs: number): boolean {
  const endedBefore = link.revoked_at !== null && link.revoked_at < link.expires_at;
  const usedUp = countCopies(copies).used >= link.copies;
  return link.expires_at.getTime() <= nowMs && !endedBefore && !usedUp;
}
