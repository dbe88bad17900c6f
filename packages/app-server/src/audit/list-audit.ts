// Reading the trail: a page of it, narrowed down, newest first, with the e-mail addresses of the accounts
// as they are now. Each filter has an index in the order of the list.
import type { Kysely, Selectable } from 'kysely';
import type { AuditEntryTable, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import type { AuditFilter, WantedAccount } from './input.js';

export interface NamedAccount {
  id: string;
  /** Null where it has none, or was an invitation that is gone. */
  email: string | null;
}

export interface AuditEntry {
  id: string;
  at: Date;
  action: string;
  actor: NamedAccount | null;
  account: NamedAccount | null;
  subject: string | null;
  address: string | null;
  details: Record<string, string | number | boolean | null>;
}

/** One page of the entries that the filter lets through. */
export async function listAudit(
  db: Kysely<Schema>,
  request: PageRequest & Partial<AuditFilter>,
): Promise<PageOf<AuditEntry>> {
  const { action, subject, address, from, to } = request;
  let entries = db.selectFrom('audit_entry').selectAll();
  if (action !== undefined) entries = entries.where('action', '=', action);
  if (subject !== undefined) entries = entries.where('subject', '=', subject);
  if (address !== undefined) entries = entries.where('address', '=', address);
  if (from !== undefined) entries = entries.where('created_at', '>=', from);
  if (to !== undefined) entries = entries.where('created_at', '<', to);
  for (const [column, wanted] of [
    ['actor_id', request.actor],
    ['account_id', request.account],
  ] as const) {
    if (wanted === undefined) continue;
    const id = await idOf(db, wanted);
    if (id === undefined) return { rows: [], next: undefined };
    entries = id === null ? entries.where(column, 'is', null) : entries.where(column, '=', id);
  }
  const { rows, next } = await readPage(entries, request);
  return { rows: await nameAccounts(db, rows), next };
}

/** The id to look for; null for none; undefined when there is no such account. */
async function idOf(db: Kysely<Schema>, wanted: WantedAccount): Promise<string | null | undefined> {
  if (wanted === 'none') return null;
  if ('id' in wanted) return wanted.id;
  const account = await db
    .selectFrom('account')
    .select('id')
    .where('email', '=', wanted.email)
    .executeTakeFirst();
  return account?.id;
}

async function nameAccounts(
  db: Kysely<Schema>,
  rows: readonly Selectable<AuditEntryTable>[],
): Promise<AuditEntry[]> {
  const ids = new Set(rows.flatMap(({ actor_id, account_id }) => [actor_id, account_id]));
  ids.delete(null);
  const accounts =
    ids.size === 0
      ? []
      : await db
          .selectFrom('account')
          .select(['id', 'email'])
          .where('id', 'in', [...ids] as string[])
          .execute();
  const emails = new Map(accounts.map(({ id, email }) => [id, email]));
  const named = (id: string | null) => (id === null ? null : { id, email: emails.get(id) ?? null });
  return rows.map((row) => ({
    id: row.id,
    at: row.created_at,
    action: row.action,
    actor: named(row.actor_id),
    account: named(row.account_id),
    subject: row.subject,
    address: row.address,
    details: JSON.parse(row.details) as AuditEntry['details'],
  }));
}
