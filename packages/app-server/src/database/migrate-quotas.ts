// Quotas of accounts, and what the audit trail needs to be searched, bounded and pruned. A part of
// `migrations.ts`, which names and orders it; once released it is never edited.
import { sql, type Kysely, type Migration } from 'kysely';

export const quotasAndAuditTrail: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createQuotas(db);
    await createRefusalCounts(db);
    await indexAuditTrail(db);
    await letRetentionPass(db);
  },
};

async function createQuotas(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('account_quota')
    .addColumn('account_id', 'text', (c) =>
      c.primaryKey().references('account.id').onDelete('cascade'),
    )
    .addColumn('bytes', 'bigint', (c) => c.check(sql`bytes >= 0`))
    .addColumn('files', 'integer', (c) => c.check(sql`files >= 0`))
    .addColumn('links_per_day', 'integer', (c) => c.check(sql`links_per_day >= 0`))
    .execute();
  // With the size in the index an account's usage is counted without touching its rows.
  await sql`create index file_owner_size on file (owner_id) include (size_bytes)`.execute(db);
  await db.schema
    .createIndex('link_handle_created')
    .on('link_handle')
    .columns(['created_at', 'link_id'])
    .execute();
}

async function createRefusalCounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('refused_sign_in')
    .addColumn('hour', 'timestamptz', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('times', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('refused_sign_in_key', ['hour', 'account_id', 'address'])
    .execute();
}

/** One index a filter, each in the order of the list, so that a page is read from its end. */
async function indexAuditTrail(db: Kysely<unknown>): Promise<void> {
  for (const column of ['action', 'actor_id', 'account_id', 'subject', 'address']) {
    await sql`
      create index ${sql.raw(`audit_entry_${column}`)}
      on audit_entry (${sql.raw(column)}, created_at, id)
      where ${sql.raw(column)} is not null`.execute(db);
  }
}

/**
 * Deleting is let through for a transaction that names, in a setting of its own, before when it wants to
 * forget, and only for entries that are older than that and than 30 days, by the database's own clock.
 */
async function letRetentionPass(db: Kysely<unknown>): Promise<void> {
  await sql`drop trigger audit_entry_append_only on audit_entry`.execute(db);
  await sql`
    create trigger audit_entry_append_only before update or truncate on audit_entry
    for each statement execute function refuse_audit_change()`.execute(db);
  await sql`
    create function refuse_audit_delete() returns trigger language plpgsql as $$
    declare
      named text := nullif(current_setting('claimcheck.forget_audit_before', true), '');
    begin
      if named is null
        or old.created_at >= named::timestamptz
        or old.created_at >= now() - interval '30 days'
      then
        raise exception 'the audit trail is append-only';
      end if;
      return old;
    end $$`.execute(db);
  await sql`
    create trigger audit_entry_kept before delete on audit_entry
    for each row execute function refuse_audit_delete()`.execute(db);
}
