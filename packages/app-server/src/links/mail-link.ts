// Queueing the mail that brings a link, in the transaction that makes the link or its new address.
import type { Transaction } from 'kysely';
import type { Account, Schema } from '../database/schema.js';
import { queueMail } from '../mail/queue-mail.js';
import { hashOfHandle } from './handle.js';
import { renderLinkMail } from './link-mail.js';
import type { LinkRecord } from './link-tables.js';

/** Does nothing for a link without a recipient: its sender passes the address on. */
export async function mailLink(
  transaction: Transaction<Schema>,
  { link, url, account }: { link: LinkRecord; url: string; account: Account },
): Promise<void> {
  if (link.recipient === null) return;
  const mail = renderLinkMail({
    url,
    sender: account.email ?? 'Somebody',
    fileName: link.file_name,
    sizeBytes: link.size_bytes,
    copies: link.copies,
    expiresAt: link.expires_at,
    message: link.message,
    needsCode: link.code_hash !== null,
  });
  await queueMail(transaction, {
    to: link.recipient,
    ...mail,
    // A new address is a new mail; the hash tells them apart and gives nothing away.
    stableId: `link-${link.id}-${hashOfHandle(new URL(url).pathname.slice('/l/'.length)).slice(0, 12)}`,
    kind: 'link',
    references: { linkId: link.id },
  });
}
