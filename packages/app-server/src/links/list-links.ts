// Links as their sender sees them: a page of the list, or one of them, each with what has become of it.
import { sql, type Kysely } from 'kysely';
import { tellClaims } from '../claims/list-claims.js';
import type { ClaimRecord, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import { findOwnLink } from './find-link.js';
import {
  countCopies,
  stateOfLink,
  type CopyCount,
  type LinkState,
  type ToldCopy,
} from './link-state.js';
import type { LinkRecord } from './link-tables.js';

export interface ListedMail {
  state: 'queued' | 'sent' | 'failed';
  queuedAt: Date;
  sentAt: Date | null;
  error: string | null;
}

export interface ListedLink {
  link: LinkRecord;
  state: LinkState;
  count: CopyCount;
  copies: ToldCopy[];
  fileIsThere: boolean;
  pageSeenAt: Date | undefined;
  /** The newest mail that brought it. */
  mail: ListedMail | undefined;
}

export interface LinkFilter {
  fileId?: string | undefined;
  to?: string | undefined;
}

/** One page of an account's links, newest first. */
export async function listLinks(
  db: Kysely<Schema>,
  accountId: string,
  request: PageRequest & LinkFilter,
  nowMs: number,
): Promise<PageOf<ListedLink>> {
  let own = db.selectFrom('link').selectAll().where('account_id', '=', accountId);
  if (request.fileId !== undefined) own = own.where('file_id', '=', request.fileId);
  if (request.to !== undefined) own = own.where('recipient', '=', request.to);
  const { rows, next } = await readPage(own, request);
  return { next, rows: await tellLinks(db, rows, nowMs) };
}

/** @throws Refused `not-found`. */
export async function showLink(
  db: Kysely<Schema>,
  accountId: string,
  linkId: string,
  nowMs: number,
): Promise<ListedLink> {
  const link = await findOwnLink(db, accountId, linkId);
  const [told] = await tellLinks(db, [link], nowMs);
  if (told === undefined) throw new Error('a link was told as none');
  return told;
}

/** What became of these links, in their order. Five statements, however many they are. */
export async function tellLinks(
  db: Kysely<Schema>,
  links: readonly LinkRecord[],
  nowMs: number,
): Promise<ListedLink[]> {
  if (links.length === 0) return [];
  const ids = links.map(({ id }) => id);
  const copies = await readToldCopies(db, ids, nowMs);
  const seen = await readFirstViews(db, ids);
  const mails = await readMails(db, ids);
  const files = await db
    .selectFrom('file')
    .select('id')
    .where('id', 'in', [...new Set(links.map(({ file_id }) => file_id))])
    .execute();
  const there = new Set(files.map(({ id }) => id));
  return links.map((link) => {
    const own = copies.get(link.id) ?? [];
    const pageSeenAt = seen.get(link.id);
    const fileIsThere = there.has(link.file_id);
    const facts = { link, fileIsThere, pageSeen: pageSeenAt !== undefined, copies: own };
    return {
      link,
      state: stateOfLink(facts, nowMs),
      count: countCopies(own),
      copies: own,
      fileIsThere,
      pageSeenAt,
      mail: mails.get(link.id),
    };
  });
}

/**
 * The last claim of each copy, by link. A retired key ends none: another press makes the claim's token anew.
 */
export async function readToldCopies(
  db: Kysely<Schema>,
  linkIds: readonly string[],
  nowMs: number,
): Promise<Map<string, ToldCopy[]>> {
  const copies = await db
    .selectFrom('link_copy')
    .distinctOn(['link_id', 'number'])
    .selectAll()
    .where('link_id', 'in', linkIds)
    .orderBy('link_id')
    .orderBy('number')
    .orderBy('attempt', 'desc')
    .execute();
  const told = new Map<string, ToldCopy[]>();
  if (copies.length === 0) return told;
  const claims = await db
    .selectFrom('claim')
    .selectAll()
    .where(
      'id',
      'in',
      copies.map(({ claim_id }) => claim_id),
    )
    .execute();
  const stories = new Map(
    (await tellClaims(db, claims satisfies ClaimRecord[], nowMs)).map((each) => [
      each.claim.id,
      each,
    ]),
  );
  for (const copy of copies) {
    const story = stories.get(copy.claim_id);
    if (story === undefined) continue;
    const own = told.get(copy.link_id) ?? [];
    own.push({ copy, told: story });
    told.set(copy.link_id, own);
  }
  return told;
}

async function readFirstViews(db: Kysely<Schema>, ids: readonly string[]) {
  const rows = await db
    .selectFrom('link_event')
    .select(['link_id', ({ fn }) => fn.min('at').as('at')])
    .where('link_id', 'in', ids)
    .where('kind', '=', 'page-seen')
    .groupBy('link_id')
    .execute();
  return new Map(rows.map(({ link_id, at }) => [link_id, at]));
}

async function readMails(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<Map<string, ListedMail>> {
  const rows = await db
    .selectFrom('outbox_mail')
    .distinctOn('link_id')
    .select(['link_id', 'state', 'last_error', 'created_at', 'sent_at'])
    .where('link_id', 'in', ids)
    .where('kind', '=', 'link')
    .orderBy('link_id')
    .orderBy(sql`created_at`, 'desc')
    .execute();
  return new Map(
    rows.flatMap(({ link_id, state, last_error, created_at, sent_at }) =>
      link_id === null
        ? []
        : [[link_id, { state, queuedAt: created_at, sentAt: sent_at, error: last_error }]],
    ),
  );
}
