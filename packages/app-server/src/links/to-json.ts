// Links as the API tells them. Neither an address nor a code is ever among it: those are shown once, by
// what makes them.
import type { ListedLink } from './list-links.js';
import type { NewLink } from './create-links.js';
import type { TimelineEntry } from './read-timeline.js';
import { toCsv } from '../http/write-csv.js';

export function linkToJson({ link, state, count, pageSeenAt, mail }: ListedLink) {
  return {
    id: link.id,
    state,
    fileId: link.file_id,
    fileName: link.file_name,
    size: link.size_bytes,
    to: link.recipient,
    message: link.message,
    copies: link.copies,
    copiesUsed: count.used,
    copiesFinished: count.finished,
    bytesSent: count.bytesSent,
    needsCode: link.code_hash !== null,
    notify: link.notify,
    createdAt: link.created_at,
    expiresAt: link.expires_at,
    revokedAt: link.revoked_at,
    pageSeenAt: pageSeenAt ?? null,
    finishedAt: count.lastFinishedAt ?? null,
    mail: mail && { state: mail.state, sentAt: mail.sentAt, error: mail.error },
  };
}

/** What is said once: the address, and the code if there is one. */
export function newLinkToJson({ link, url, code }: NewLink) {
  return {
    id: link.id,
    url,
    to: link.recipient,
    fileId: link.file_id,
    expiresAt: link.expires_at,
    ...(code === undefined ? {} : { code }),
  };
}

export function entryToJson({ at, kind, detail, reason, bytes }: TimelineEntry) {
  return { at, kind, detail, reason, bytes };
}

export function linksToCsv(links: readonly ListedLink[]): string {
  return toCsv(
    [
      'id',
      'file',
      'bytes',
      'recipient',
      'state',
      'copies',
      'copies used',
      'copies finished',
      'bytes sent',
      'created',
      'mailed',
      'page seen',
      'finished',
      'expires',
      'revoked',
    ],
    links.map(({ link, state, count, pageSeenAt, mail }) => [
      link.id,
      link.file_name,
      link.size_bytes,
      link.recipient,
      state,
      link.copies,
      count.used,
      count.finished,
      count.bytesSent,
      link.created_at,
      mail?.sentAt,
      pageSeenAt,
      count.lastFinishedAt,
      link.expires_at,
      link.revoked_at,
    ]),
  );
}

export function timelineToCsv(entries: readonly TimelineEntry[]): string {
  return toCsv(
    ['at', 'what', 'detail', 'reason', 'bytes'],
    entries.map(({ at, kind, detail, reason, bytes }) => [at, kind, detail, reason, bytes]),
  );
}
