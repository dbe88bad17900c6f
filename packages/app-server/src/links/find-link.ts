// Finding a link: by the handle in its address, for whoever has that, or by its id for its sender alone.
// What speaks against handing anything out is decided here, in one order for page and press.
import type { Kysely } from 'kysely';
import type { FileRecord, Schema } from '../database/schema.js';
import { Refused, type AppRefusal } from '../http/problems.js';
import { hashOfHandle } from '../mailed-handle.js';
import type { LinkRecord } from './link-tables.js';

export interface FoundLink {
  link: LinkRecord;
  /** When this address was replaced by a newer one. */
  replacedAt: Date | null;
  sender: { email: string | null; disabledAt: Date | null };
  /** Undefined once it was deleted. */
  file: FileRecord | undefined;
}

/**
 * The link of a handle, as it came in the address. A text that cannot be one is looked up all the
 * same: unknown is one answer, in one time.
 * @throws Refused `link-unknown`.
 */
export async function findLinkByHandle(db: Kysely<Schema>, handle: string): Promise<FoundLink> {
  const row = await db
    .selectFrom('link_handle')
    .innerJoin('link', 'link.id', 'link_handle.link_id')
    .innerJoin('account', 'account.id', 'link.account_id')
    .selectAll('link')
    .select([
      'link_handle.replaced_at',
      'account.email as sender_email',
      'account.disabled_at as sender_disabled_at',
    ])
    .where('link_handle.hash', '=', hashOfHandle(handle))
    .executeTakeFirst();
  if (row === undefined) throw new Refused('link-unknown');
  const { replaced_at, sender_email, sender_disabled_at, ...link } = row;
  const file = await db
    .selectFrom('file')
    .selectAll()
    .where('id', '=', link.file_id)
    .where('owner_id', '=', link.account_id)
    .executeTakeFirst();
  return {
    link,
    replacedAt: replaced_at,
    sender: { email: sender_email, disabledAt: sender_disabled_at },
    file,
  };
}

/** Why this link hands out nothing at all, if so; running out only forbids new copies. Pure. */
export function refusalOf({ link, replacedAt, sender, file }: FoundLink): AppRefusal | undefined {
  if (replacedAt !== null) return 'link-replaced';
  if (link.revoked_at !== null) return 'link-revoked';
  if (sender.disabledAt !== null) return 'link-sender-gone';
  if (file === undefined) return 'link-file-gone';
  return undefined;
}

/** @throws Refused `not-found`, also for a link of somebody else. */
export async function findOwnLink(
  db: Kysely<Schema>,
  accountId: string,
  linkId: string,
): Promise<LinkRecord> {
  const link = await db
    .selectFrom('link')
    .selectAll()
    .where('id', '=', linkId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  if (link === undefined) throw new Refused('not-found');
  return link;
}
