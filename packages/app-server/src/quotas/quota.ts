// What an account may have, and what it has. Its own values override the defaults of the settings; what
// neither names is unlimited. Whoever adds something checks here, with the account's row held, so that
// requests at once cannot exceed a quota together.
import { sql, type Kysely, type Transaction } from 'kysely';
import type { AppConfig } from '../config.js';
import type { AppContext } from '../context.js';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import type { AccountQuota } from './quota-tables.js';

export interface Quota {
  /** Of all its files together; null is unlimited, as all here. */
  bytes: number | null;
  files: number | null;
  /** Links made or given a new address within any 24 hours: each can be a mail. */
  linksPerDay: number | null;
}

export interface Usage {
  bytes: number;
  files: number;
  /** Within the last 24 hours. */
  links: number;
}

export const UNLIMITED: Quota = { bytes: null, files: null, linksPerDay: null };

export const DAY_MS = 24 * 60 * 60_000;

type Database = Kysely<Schema> | Transaction<Schema>;

/** An account's own values; null where the default counts. */
export async function readOwnQuota(db: Database, accountId: string): Promise<Quota> {
  const own = await db
    .selectFrom('account_quota')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return own === undefined ? UNLIMITED : toQuota(own);
}

/** The quota that counts for an account. */
export async function readQuota(
  { config, db }: { config: Pick<AppConfig, 'quota'>; db: Database },
  accountId: string,
): Promise<Quota> {
  return override(config.quota, await readOwnQuota(db, accountId));
}

/** What counts when an account has these values of its own. */
export function override(defaults: Quota, own: Quota): Quota {
  return {
    bytes: own.bytes ?? defaults.bytes,
    files: own.files ?? defaults.files,
    linksPerDay: own.linksPerDay ?? defaults.linksPerDay,
  };
}

export async function readUsage(
  { db, now }: Pick<AppContext, 'db' | 'now'>,
  accountId: string,
): Promise<Usage> {
  const [stored, made] = [
    await readStored(db, accountId),
    await countLinks(db, accountId, new Date(now() - DAY_MS)),
  ];
  return { ...stored, links: made };
}

/** How many bytes, in how many files, an account has. */
export async function readStored(
  db: Database,
  accountId: string,
): Promise<Pick<Usage, 'bytes' | 'files'>> {
  return await db
    .selectFrom('file')
    .select(({ fn }) => [
      // A sum of bigints is numeric, which would arrive as text.
      sql<number>`coalesce(sum(size_bytes), 0)::bigint`.as('bytes'),
      fn.countAll<number>().as('files'),
    ])
    .where('owner_id', '=', accountId)
    .executeTakeFirstOrThrow();
}

/** Links that were made, or given a new address, since then. */
export async function countLinks(db: Database, accountId: string, since: Date): Promise<number> {
  const { made } = await db
    .selectFrom('link_handle')
    .innerJoin('link', 'link.id', 'link_handle.link_id')
    .select(({ fn }) => fn.countAll<number>().as('made'))
    .where('link.account_id', '=', accountId)
    .where('link_handle.created_at', '>', since)
    .executeTakeFirstOrThrow();
  return made;
}

/**
 * Holds an account's quota until the transaction ends: others who add to it wait here. A lock that lets
 * rows refer to the account meanwhile, so that nothing else waits.
 */
export async function holdQuota(
  transaction: Transaction<Schema>,
  accountId: string,
): Promise<void> {
  const held = await transaction
    .selectFrom('account')
    .select('id')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (held === undefined) throw new Refused('not-found');
}

function toQuota({ bytes, files, links_per_day }: Omit<AccountQuota, 'account_id'>): Quota {
  return { bytes, files, linksPerDay: links_per_day };
}
