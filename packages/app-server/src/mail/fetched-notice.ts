// The mail to the sender when somebody has fetched a file: once a link, whatever is reported how often,
// and not at all when the sender wants none. Each brings its own way to stop them without signing in.
import type { Kysely, Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { Schema } from '../database/schema.js';
import { formatTime } from '../pages/index.js';
import { hashOfId } from '../sessions/session-store.js';
import { layOutMail, quote } from './lay-out-mail.js';
import { queueMail } from './queue-mail.js';

const HANDLE_BYTES = 24;

export interface FetchedNotice {
  linkId: string;
  /** Whose link it is: the notice goes to the account's address of now. */
  accountId: string;
  fileName: string;
  /** To whom the link was sent, when it was. */
  recipient?: string | undefined;
  /** When the copy was finished. */
  at: Date;
  appOrigin: string;
}

/** `queued` also when it had been queued before: there is one notice a link. */
export type NoticeOutcome = 'queued' | 'not-wanted';

/**
 * Queues the notice, in the transaction that stores the event it is about. The stable id is the link's,
 * so the event may come again.
 */
export async function queueFetchedNotice(
  db: Kysely<Schema> | Transaction<Schema>,
  { linkId, accountId, fileName, recipient, at, appOrigin }: FetchedNotice,
): Promise<NoticeOutcome> {
  const stableId = `fetched:${linkId}`;
  const account = await db
    .selectFrom('account')
    .select(['email', 'disabled_at', 'fetched_notices'])
    .where('id', '=', accountId)
    .executeTakeFirst();
  if (!account?.email || account.disabled_at !== null || !account.fetched_notices) {
    return 'not-wanted';
  }
  const quiet = await db
    .selectFrom('quiet_link')
    .select('link_id')
    .where('link_id', '=', linkId)
    .executeTakeFirst();
  if (quiet !== undefined) return 'not-wanted';
  const before = await db
    .selectFrom('outbox_mail')
    .select('id')
    .where('stable_id', '=', stableId)
    .executeTakeFirst();
  if (before !== undefined) return 'queued';

  const handle = newId(HANDLE_BYTES);
  await db
    .insertInto('opt_out_handle')
    .values({
      handle_hash: hashOfId(handle),
      account_id: accountId,
      link_id: linkId,
      created_at: new Date(),
    })
    .execute();
  const unsubscribeUrl = `${appOrigin}/n/${handle}`;
  await queueMail(db, {
    to: account.email,
    subject: `Fetched: ${fileName}`,
    ...layOutMail({
      heading: 'Your file was fetched',
      paragraphs: [
        [
          quote(fileName),
          recipient === undefined ? ' was fetched' : ' was fetched by the link sent to ',
          ...(recipient === undefined ? [] : [quote(recipient)]),
          `, completely, on ${formatTime(at).replace('\u00a0', ' ')}.`,
        ],
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
  });
  return 'queued';
}
