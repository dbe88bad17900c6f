// The tables of links, made. Part of `database/migrations.ts`, which gives it its place in the order.
import { sql, type Kysely } from 'kysely';

export async function createLinkTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('claim')
    .alterColumn('session_reference', (c) => c.dropNotNull())
    .addColumn('link_id', 'text')
    .execute();
  await db.schema
    .createIndex('claim_link')
    .on('claim')
    .column('link_id')
    .where(sql.ref('link_id'), 'is not', null)
    .execute();
  await db.schema
    .createTable('link')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
    .addColumn('file_id', 'text', (c) => c.notNull())
    .addColumn('file_name', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('recipient', 'text')
    .addColumn('message', 'text')
    .addColumn('copies', 'integer', (c) => c.notNull())
    .addColumn('notify', 'boolean', (c) => c.notNull())
    .addColumn('code_hash', 'text')
    .addColumn('code_tries', 'integer', (c) => c.notNull())
    .addColumn('code_blocked_until', 'timestamptz')
    .addColumn('created_at', 'timestamptz', (c) => c.notNull())
    .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
    .addColumn('revoked_at', 'timestamptz')
    .addColumn('run_out_at', 'timestamptz')
    .execute();
  await db.schema
    .createIndex('link_running_out')
    .on('link')
    .column('expires_at')
    .where(sql.ref('run_out_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('link_account')
    .on('link')
    .columns(['account_id', 'created_at'])
    .execute();
  await db.schema.createIndex('link_file').on('link').column('file_id').execute();
  await db.schema
    .createTable('link_handle')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('link_id', 'text', (c) => c.notNull().references('link.id').onDelete('cascade'))
    .addColumn('created_at', 'timestamptz', (c) => c.notNull())
    .addColumn('replaced_at', 'timestamptz')
    .execute();
  await db.schema.createIndex('link_handle_link').on('link_handle').column('link_id').execute();
  await db.schema
    .createTable('link_copy')
    .addColumn('claim_id', 'text', (c) => c.primaryKey())
    .addColumn('link_id', 'text', (c) => c.notNull().references('link.id').onDelete('cascade'))
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('browser_hash', 'text')
    .addColumn('fence', 'text', (c) => c.notNull())
    .addColumn('issued_at', 'timestamptz', (c) => c.notNull())
    .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
    .addColumn('claimed_file', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text')
    // Of all presses that want to begin the same copy, one can.
    .addUniqueConstraint('link_copy_attempt', ['link_id', 'number', 'attempt'])
    .execute();
  await db.schema
    .createIndex('link_copy_open')
    .on('link_copy')
    .column('expires_at')
    .where(sql.ref('outcome'), 'is', null)
    .execute();
  await db.schema
    .createTable('link_event')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('link_id', 'text', (c) => c.notNull().references('link.id').onDelete('cascade'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('detail', 'text')
    .addColumn('at', 'timestamptz', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('link_event_link')
    .on('link_event')
    .columns(['link_id', 'at'])
    .execute();
}
