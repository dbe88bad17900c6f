// The tables of identities that others vouch for, and of sign-ins under way elsewhere. A part of
// `migrations.ts`, which names and orders it; once released it is never edited.
import { sql, type Kysely, type Migration } from 'kysely';

export const identityProviderHandOff: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('account')
      .addColumn('identity_count', 'integer', (c) =>
        c
          .notNull()
          .defaultTo(0)
          .check(sql`identity_count >= 0`),
      )
      .execute();
    // A sign-in that waits for room may have been proven elsewhere, a while ago.
    await db.schema.alterTable('waiting_sign_in').addColumn('proven_at', 'timestamptz').execute();
    await db.schema
      .createTable('external_identity')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) =>
        c.notNull().references('account.id').onDelete('cascade'),
      )
      .addColumn('issuer', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('email', 'text')
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_used_at', 'timestamptz')
      .addUniqueConstraint('external_identity_subject', ['issuer', 'subject'])
      .addUniqueConstraint('external_identity_account', ['account_id', 'issuer'])
      .execute();
    await db.schema
      .createTable('sign_in_attempt')
      .addColumn('secret_hash', 'text', (c) => c.primaryKey())
      .addColumn('way', 'text', (c) => c.notNull().check(sql`way in ('provider', 'peer')`))
      .addColumn('purpose', 'text', (c) =>
        c.notNull().check(sql`purpose in ('sign-in', 'connect', 'prove')`),
      )
      .addColumn('issuer', 'text', (c) => c.notNull())
      .addColumn('account_id', 'text', (c) => c.references('account.id').onDelete('cascade'))
      .addColumn('next', 'text')
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('sign_in_attempt_expires')
      .on('sign_in_attempt')
      .column('expires_at')
      .execute();
  },
};
