// The mail to the sender when somebody has fetched a file: once a link, whatever is reported how often,
// and not at all when the sender wants none. Each brings its own way to stop them without signing in.
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import { hashOfHandle, mailedUrl, newHandle } from '../mailed-handle.js';
import { formatTime } from '../pages/index.js';
import { layOutMail, quote } from './lay-out-mail.js';
import { queueMail } from './queue-mail.js';

export interface FetchedNotice {
  linkId: string;
  /** When the copy was finished. */
  finishedAt: Date;
  appOrigin: string;
  /** Unix milliseconds. */
  nowMs: number;
}

/** `queued` also when it had been queued before: there is one notice a link. */
export type NoticeOutcome = 'queued' | 'not-wanted';

/**
 * Queues the notice, in the transaction that stores the event it is about. The stable id is the link's,
 * so the event may come again, and further copies of the link bring no further mail.
 */
export async function queueFetchedNotice(
  db: Kysely<Schema> | Transaction<Schema>,
  { linkId, finishedAt, appOrigin, nowMs }: FetchedNotice,
): Promise<NoticeOutcome> {
  const stableId = `fetched:${linkId}`;
  const link = await db
    .selectFrom('link')
    .innerJoin('account', 'account.id', 'link.account_id')
    .select(['link.account_id', 'link.file_name', 'link.recipient', 'account.email'])
    .where('link.id', '=', linkId)
    .where('link.notify', '=', true)
    .where('account.fetched_notices', '=', true)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst();
  if (!link?.email) return 'not-wanted';
  const before = await db
    .selectFrom('outbox_mail')
    .select('id')
    .where('stable_id', '=', stableId)
    .executeTakeFirst();
  if (before !== undefined) return 'queued';

  const at = new Date(nowMs);
  const handle = newHandle();
  await db
    .insertInto('opt_out_handle')
    .values({ handle_hash: hashOfHandle(handle), account_id: link.account_id, created_at: at })
    .execute();
  const unsubscribeUrl = mailedUrl(appOrigin, 'n', handle);
  await queueMail(db, {
    to: link.email,
    subject: `Fetched: ${link.file_name}`,
    ...layOutMail({
      heading: 'Your file was fetched',
      paragraphs: [
        [
          quote(link.file_name),
          link.recipient === null ? ' was fetched' : ' was fetched by the link sent to ',
          ...(link.recipient === null ? [] : [quote(link.recipient)]),
          `, completely, on ${formatTime(finishedAt).replace('\u00a0', ' ')}.`,
        ],
        [`What else happened to the link: ${appOrigin}/links/${encodeURIComponent(linkId)}`],
      ],
      footer: [
        [`Sent by claimcheck at ${appOrigin}, once for each of your links.`],
        [`No more of these: ${unsubscribeUrl}`],
      ],
    }),
    stableId,
    kind: 'fetched-notice',
    references: { linkId },
    unsubscribeUrl,
    at,
  });
  return 'queued';
}
