// The tables of second factors, made. A part of `migrations.ts`, which names and orders it; once released
// it is never edited.
import type { Kysely, Migration } from 'kysely';

export const secondFactors: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('waiting_sign_in').addColumn('second_factor', 'text').execute();
    await db.schema
      .createTable('totp_factor')
      .addColumn('account_id', 'text', (c) =>
        c.primaryKey().references('account.id').onDelete('cascade'),
      )
      .addColumn('secret', 'text')
      .addColumn('confirmed_at', 'timestamptz')
      .addColumn('last_step', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('setup_secret', 'text')
      .addColumn('setup_at', 'timestamptz')
      .execute();
    await db.schema
      .createTable('recovery_code')
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('code_hash', 'text', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('used_at', 'timestamptz')
      .addPrimaryKeyConstraint('recovery_code_key', ['account_id', 'code_hash'])
      .execute();
    await db.schema
      .createTable('passkey')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('credential_id', 'text', (c) => c.notNull().unique())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('sign_count', 'bigint', (c) => c.notNull())
      .addColumn('transports', 'text', (c) => c.notNull())
      .addColumn('synced', 'boolean', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_used_at', 'timestamptz')
      .execute();
    await db.schema.createIndex('passkey_account').on('passkey').column('account_id').execute();
    await db.schema
      .createTable('passkey_challenge')
      .addColumn('challenge_hash', 'text', (c) => c.primaryKey())
      .addColumn('purpose', 'text', (c) => c.notNull())
      .addColumn('bound_to', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('passkey_challenge_expiry')
      .on('passkey_challenge')
      .column('expires_at')
      .execute();
    await db.schema
      .createTable('pending_sign_in')
      .addColumn('id_hash', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('password_state', 'text', (c) => c.notNull())
      .addColumn('proven', 'text', (c) => c.notNull())
      .addColumn('wrong_codes', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('pending_sign_in_account')
      .on('pending_sign_in')
      .column('account_id')
      .execute();
    await db.schema
      .createIndex('pending_sign_in_expiry')
      .on('pending_sign_in')
      .column('expires_at')
      .execute();
  },
};
