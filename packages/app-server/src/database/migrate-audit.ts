// The audit trail, and what a session knows of how it began. A part of `migrations.ts`, which names and
// orders it; once released it is never edited.
import { sql, type Kysely, type Migration } from 'kysely';

export const auditAndProof: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('session')
      .addColumn('method', 'text', (c) => c.notNull().defaultTo('password'))
      // Sessions of before have proven nothing lately.
      .addColumn('proven_at', 'timestamptz', (c) => c.notNull().defaultTo(sql`'epoch'`))
      .execute();
    await db.schema
      .createTable('audit_entry')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('actor_id', 'text')
      .addColumn('account_id', 'text')
      .addColumn('subject', 'text')
      .addColumn('address', 'text')
      .addColumn('details', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('audit_entry_created')
      .on('audit_entry')
      .columns(['created_at', 'id'])
      .execute();
    await sql`
      create function refuse_audit_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit trail is append-only';
      end $$`.execute(db);
    await sql`
      create trigger audit_entry_append_only before update or delete or truncate on audit_entry
      for each statement execute function refuse_audit_change()`.execute(db);
  },
};
