// The story of one link, oldest first: what its sender did, what became of its mails, who looked, and
// what the download servers reported of its claims. Put together at reading; nothing is kept twice.
import { sql, type Kysely } from 'kysely';
import { keyRetirementsOf, type KilledKeys } from '../claims/claim-keys.js';
import type { OutboxMail, Schema } from '../database/schema.js';
import type { TimelineKind } from '../pages/index.js';
import type { LinkRecord } from './link-tables.js';

export interface TimelineEntry {
  at: Date;
  kind: TimelineKind;
  /** In the words of the kind: a browser's name, an address. */
  detail?: string | undefined;
  /** Why a mail was not sent, or not yet, in the words of the mail server. */
  reason?: string | undefined;
  /** Different bytes of the file that have left until then. */
  bytes?: number | undefined;
}

/** Of a resumable claim: how much has left of the copy by then. */
const HAVE_BYTES: ReadonlySet<string> = new Set(['finished', 'broken-off']);

/** Longer stories are told by their newest entries. */
const MAX_ENTRIES = 1000;

/**
 * A link's whole story.
 * @param mailReachesPeople whether there is a mail server; mails are files for the operator without.
 */
export async function readTimeline(
  { db, keys }: { db: Kysely<Schema>; keys: KilledKeys },
  { id }: Pick<LinkRecord, 'id'>,
  mailReachesPeople: boolean,
): Promise<TimelineEntry[]> {
  const [own, mails, claims, retirements] = await Promise.all([
    db
      .selectFrom('link_event')
      .selectAll()
      .where('link_id', '=', id)
      .orderBy('at', 'desc')
      .limit(MAX_ENTRIES)
      .execute(),
    db
      .selectFrom('outbox_mail')
      .select(['kind', 'recipient', 'state', 'last_error', 'created_at', 'sent_at', 'failed_at'])
      .where('link_id', '=', id)
      .execute(),
    db
      .selectFrom('claim_event')
      .innerJoin('claim', 'claim.id', 'claim_event.claim_id')
      .select(['claim_event.kind', 'claim_event.bytes', 'claim_event.at'])
      .where('claim.link_id', '=', id)
      .orderBy('claim_event.at', 'desc')
      .limit(MAX_ENTRIES)
      .execute(),
    readKeyRetirements({ db, keys }, id),
  ]);
  const entries: TimelineEntry[] = [
    ...own.map(({ at, kind, detail }) => ({ at, kind, detail: detail ?? undefined })),
    ...claims.map(({ at, kind, bytes }) => ({
      at,
      kind,
      bytes: HAVE_BYTES.has(kind) ? bytes : undefined,
    })),
    ...mails.map((mail) => entryOf(mail, mailReachesPeople)),
    ...retirements.map((at) => ({ at, kind: 'key-retired' as const })),
  ];
  return entries.toSorted((a, b) => a.at.getTime() - b.at.getTime()).slice(-MAX_ENTRIES);
}

/** When its claims were revoked with their keys; nothing is asked as long as no key ever was retired so. */
async function readKeyRetirements(
  { db, keys }: { db: Kysely<Schema>; keys: KilledKeys },
  linkId: string,
): Promise<Date[]> {
  const killed = keys.killed();
  if (killed.length === 0) return [];
  const claims = await db
    .selectFrom('claim')
    .select(['key_ids', 'created_at', 'expires_at', 'revoked_at', 'finished_at', 'last_event_at'])
    .where('link_id', '=', linkId)
    .where(sql<boolean>`key_ids && ${[...killed]}::text[]`)
    .orderBy('created_at', 'desc')
    .limit(MAX_ENTRIES)
    .execute();
  return claims.flatMap((claim) => keyRetirementsOf(claim, claim.created_at, keys));
}

type ToldMail = Pick<
  OutboxMail,
  'kind' | 'recipient' | 'state' | 'last_error' | 'created_at' | 'sent_at' | 'failed_at'
>;

function entryOf(mail: ToldMail, mailReachesPeople: boolean): TimelineEntry {
  const about = mail.kind === 'link' ? 'mail' : 'notice';
  const detail = mail.recipient;
  if (mail.state === 'sent') {
    const kind = mailReachesPeople ? (`${about}-sent` as const) : (`${about}-filed` as const);
    return { at: mail.sent_at ?? mail.created_at, kind, detail };
  }
  const reason = mail.last_error ?? undefined;
  if (mail.state === 'failed') {
    return { at: mail.failed_at ?? mail.created_at, kind: `${about}-failed`, detail, reason };
  }
  return { at: mail.created_at, kind: `${about}-waiting`, detail, reason };
}
