// Every change of the tables, in order. A migration that has been released is never edited.
import { sql, type Kysely, type Migration } from 'kysely';
import { createLinkTables } from '../links/link-migration.js';
import { apiKeys } from './migrate-api-keys.js';
import { auditAndProof } from './migrate-audit.js';
import { claimKeys } from './migrate-claim-keys.js';
import { identityProviderHandOff } from './migrate-federation.js';
import { secondFactors } from './migrate-factors.js';
import { mailWebhooksIdentityLinks } from './migrate-mail.js';
import { forgetOptOutAddresses } from './migrate-outbox-handles.js';
import { quotasAndAuditTrail } from './migrate-quotas.js';
import { slowRecoveryCodes } from './migrate-recovery-codes.js';
import { resetLinksByHand } from './migrate-reset-links.js';
import { rememberedBrowsers } from './migrate-remembered.js';

/** Name → migration; Kysely runs them in the order of their names, each once. */
export const migrations: Record<string, Migration> = {
  '0001-accounts-sessions-files-claims': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('account')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('email', 'text', (c) => c.unique())
        .addColumn('password_hash', 'text')
        .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('admin', 'member')`))
        .addColumn('disabled_at', 'timestamptz')
        .addColumn('created_at', 'timestamptz', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('session')
        .addColumn('id_hash', 'text', (c) => c.primaryKey())
        .addColumn('reference', 'text', (c) => c.notNull().unique())
        .addColumn('account_id', 'text', (c) =>
          c.notNull().references('account.id').onDelete('cascade'),
        )
        .addColumn('user_agent', 'text', (c) => c.notNull())
        .addColumn('address', 'text', (c) => c.notNull())
        .addColumn('created_at', 'timestamptz', (c) => c.notNull())
        .addColumn('last_seen_at', 'timestamptz', (c) => c.notNull())
        .execute();
      await db.schema.createIndex('session_account').on('session').column('account_id').execute();
      await db.schema
        .createTable('known_device')
        .addColumn('device_hash', 'text', (c) => c.notNull())
        .addColumn('account_id', 'text', (c) =>
          c.notNull().references('account.id').onDelete('cascade'),
        )
        .addColumn('created_at', 'timestamptz', (c) => c.notNull())
        .addPrimaryKeyConstraint('known_device_key', ['account_id', 'device_hash'])
        .execute();
      await db.schema
        .createIndex('known_device_hash')
        .on('known_device')
        .column('device_hash')
        .execute();
      await db.schema
        .createTable('file')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('owner_id', 'text', (c) => c.notNull().references('account.id'))
        .addColumn('storage_key', 'text', (c) => c.notNull().unique())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('media_type', 'text', (c) => c.notNull())
        .addColumn('size_bytes', 'bigint', (c) => c.notNull())
        .addColumn('sha256', 'text', (c) => c.notNull())
        .addColumn('mtime_ms', 'bigint', (c) => c.notNull())
        .addColumn('created_at', 'timestamptz', (c) => c.notNull())
        .execute();
      await db.schema
        .createIndex('file_owner')
        .on('file')
        .columns(['owner_id', 'created_at'])
        .execute();
      await db.schema
        .createTable('claim')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('account_id', 'text', (c) => c.notNull().references('account.id'))
        .addColumn('session_reference', 'text', (c) => c.notNull())
        .addColumn('file_id', 'text', (c) => c.notNull())
        .addColumn('file_name', 'text', (c) => c.notNull())
        .addColumn('size_bytes', 'bigint', (c) => c.notNull())
        .addColumn('created_at', 'timestamptz', (c) => c.notNull())
        .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
        .addColumn('revoked_at', 'timestamptz')
        .execute();
      await db.schema
        .createIndex('claim_account')
        .on('claim')
        .columns(['account_id', 'created_at'])
        .execute();
      await db.schema
        .createTable('claim_event')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('claim_id', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('bytes', 'bigint', (c) => c.notNull())
        .addColumn('at', 'timestamptz', (c) => c.notNull())
        .execute();
      await db.schema
        .createIndex('claim_event_claim')
        .on('claim_event')
        .column('claim_id')
        .execute();
    },
  },
  '0002-resumable-claims': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('claim')
        .addColumn('mode', 'text', (c) =>
          c
            .notNull()
            .defaultTo('strict')
            .check(sql`mode in ('strict', 'resumable')`),
        )
        .addColumn('sent', sql`int8multirange`, (c) => c.notNull().defaultTo(sql`'{}'`))
        .addColumn('sent_bytes', 'bigint', (c) => c.notNull().defaultTo(0))
        .addColumn('open_responses', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('last_event_at', 'timestamptz')
        .addColumn('finished_at', 'timestamptz')
        .execute();
    },
  },
  '0003-links': { up: createLinkTables },
  '0004-mail-webhooks-identity-links': mailWebhooksIdentityLinks,
  '0005-audit-and-proof': auditAndProof,
  '0006-remembered-browsers': rememberedBrowsers,
  '0007-second-factors': secondFactors,
  '0008-identity-provider-hand-off': identityProviderHandOff,
  '0009-quotas': quotasAndAuditTrail,
  '0011-api-keys': apiKeys,
  '0012-forget-opt-out-addresses': forgetOptOutAddresses,
  '0013-claim-keys': claimKeys,
  '0014-slow-recovery-codes': slowRecoveryCodes,
  '0015-reset-links-by-hand': resetLinksByHand,
};
