// One line of the audit trail: who did what, to whom, from where. Written in the same transaction as what
// it tells of wherever there is one; it never holds a token, a secret, a password or a mail's text.
import type { Kysely, Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { Schema } from '../database/schema.js';

/** `subject.what-happened`, in the past tense. */
export type AuditAction =
  | 'session.begun'
  | 'session.refused'
  | 'session.ended'
  | 'session.proven'
  | 'browser.forgotten'
  | 'browser.secret-stolen'
  | 'password.changed'
  | 'identity.connected'
  | 'identity.disconnected'
  | 'identity.refused'
  | 'account.made-by-provider'
  | 'hand-off.sent'
  | 'hand-off.accepted'
  | 'api-key.made'
  | 'api-key.revoked'
  | 'totp.added'
  | 'totp.removed'
  | 'passkey.added'
  | 'passkey.renamed'
  | 'passkey.removed'
  | 'passkey.copy-suspected'
  | 'recovery-codes.made'
  | 'recovery-code.used'
  | 'second-factor.refused'
  | 'second-factor.removed';

export interface AuditFact {
  action: AuditAction;
  /** The account that did it; null for the server itself and for visitors. */
  actorId: string | null;
  /** The account it was done to or about. */
  accountId?: string | null;
  /** What else it was done to: `kind:id`, an id that is no secret. */
  subject?: string | null;
  /** The client's address; null for the server itself. */
  address: string | null;
  details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Adds one entry. */
export async function recordAudit(
  db: Kysely<Schema> | Transaction<Schema>,
  fact: AuditFact,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values({
      id: newId(),
      created_at: new Date(nowMs),
      action: fact.action,
      actor_id: fact.actorId,
      account_id: fact.accountId ?? null,
      subject: fact.subject ?? null,
      address: fact.address,
      details: JSON.stringify(fact.details ?? {}),
    })
    .execute();
}
