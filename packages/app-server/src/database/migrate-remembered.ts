// Remembered browsers, sign-ins that wait for room, and the notice of a theft. A part of `migrations.ts`, which
// names and orders it; once released it is never edited.
import type { Kysely, Migration } from 'kysely';

export const rememberedBrowsers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('remembered_browser')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('selector', 'text', (c) => c.notNull().unique())
      .addColumn('secret_hash', 'text', (c) => c.notNull())
      .addColumn('previous_hash', 'text')
      .addColumn('replaced_at', 'timestamptz', (c) => c.notNull())
      .addColumn('received', 'boolean', (c) => c.notNull())
      .addColumn('session_reference', 'text')
      .addColumn('device_hash', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('user_agent', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('remembered_browser_account')
      .on('remembered_browser')
      .column('account_id')
      .execute();
    await db.schema
      .createTable('waiting_sign_in')
      .addColumn('id_hash', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('password_mark', 'text', (c) => c.notNull())
      .addColumn('remember', 'boolean', (c) => c.notNull())
      .addColumn('remembered_id', 'text')
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .execute();
    await db.schema.alterTable('session').addColumn('remembered_id', 'text').execute();
    await db.schema.alterTable('account').addColumn('theft_at', 'timestamptz').execute();
  },
};
