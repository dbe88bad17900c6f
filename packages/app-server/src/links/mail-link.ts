// The mail that brings a link: queued in the transaction that makes the link or its new address, and held
// back once the address it brings is good for nothing.
import type { Transaction } from 'kysely';
import type { Account, Schema } from '../database/schema.js';
import { queueMail } from '../mail/queue-mail.js';
import { hashOfHandle } from '../mailed-handle.js';
import { composeLinkMail } from './link-mail.js';
import type { LinkRecord } from './link-tables.js';

export interface LinkToMail {
  link: LinkRecord;
  /** Its new handle, and the address made of it. */
  handle: string;
  url: string;
  sender: Pick<Account, 'email'>;
  appOrigin: string;
  /** Unix milliseconds. */
  atMs: number;
}

/** Does nothing for a link without a recipient: its sender passes the address on. */
export async function mailLink(
  transaction: Transaction<Schema>,
  { link, handle, url, sender, appOrigin, atMs }: LinkToMail,
): Promise<void> {
  if (link.recipient === null) return;
  await queueMail(transaction, {
    to: link.recipient,
    ...composeLinkMail({
      url,
      appOrigin,
      sender: sender.email ?? 'Somebody',
      fileName: link.file_name,
      sizeBytes: link.size_bytes,
      copies: link.copies,
      expiresAt: link.expires_at,
      message: link.message,
      needsCode: link.code_hash !== null,
    }),
    // A new address is a new mail; the hash tells them apart and gives nothing away.
    stableId: `link:${link.id}:${hashOfHandle(handle).slice(0, 12)}`,
    kind: 'link',
    references: { linkId: link.id },
    uselessAfter: link.expires_at,
    at: new Date(atMs),
  });
}

/** The link's expiry has changed, and with it how long its mail is worth sending. */
export async function keepLinkMails(
  transaction: Transaction<Schema>,
  { id, expires_at }: Pick<LinkRecord, 'id' | 'expires_at'>,
  atMs: number,
): Promise<void> {
  await waitingMails(transaction, id)
    .set({ useless_after: expires_at })
    // One that was dropped stays so.
    .where('useless_after', '>', new Date(atMs))
    .execute();
}

/**
 * The link was withdrawn, or has a new address: what waits to be sent would only disappoint. One that is
 * being sent in this very moment still goes.
 */
export async function dropLinkMails(
  transaction: Transaction<Schema>,
  linkId: string,
  atMs: number,
): Promise<void> {
  const at = new Date(atMs);
  // The delivery looks at them once more, and writes down that they were not sent.
  const change = { useless_after: at, next_attempt_at: at };
  await waitingMails(transaction, linkId).set(change).execute();
}

function waitingMails(transaction: Transaction<Schema>, linkId: string) {
  return transaction
    .updateTable('outbox_mail')
    .where('link_id', '=', linkId)
    .where('kind', '=', 'link')
    .where('state', '=', 'queued');
}
