// Writing the audit trail: who did what, to whom, from where. Written in the same transaction as what
// it tells of wherever there is one; it never holds a token, a secret, a password or a mail's text.
import type { Insertable, Kysely, Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { AuditEntryTable, Schema } from '../database/schema.js';
import type { RingChange } from '../keys/ring-file.js';

/** `subject.what-happened`, in the past tense. What each is in words is in `describe-action.ts`. */
export type AuditAction =
  | 'session.begun'
  | 'session.refused'
  | 'session.ended'
  // Accounts, files, claims, links and what else the server did before it had this trail.
  | 'session.refusals-counted'
  | 'password.refused'
  | 'account.added'
  | 'account.completed'
  | 'account.disabled'
  | 'account.enabled'
  | 'account.role-changed'
  | 'account.quota-changed'
  | 'invitation.made'
  | 'invitation.sent'
  | 'invitation.withdrawn'
  | 'invitation.accepted'
  | 'reset-link.made'
  | 'file.uploaded'
  | 'file.deleted'
  | 'claim.minted'
  | 'claim.revoked'
  | 'link.created'
  | 'link.pressed'
  | 'link.extended'
  | 'link.sent-again'
  | 'link.revoked'
  | 'webhook.added'
  | 'webhook.removed'
  | 'webhook.secret-rotated'
  | 'notices.changed'
  | 'notices.stopped'
  | 'outbox.retried'
  | 'audit.exported'
  | 'audit.forgotten'
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
  | 'second-factor.removed'
  | KeyAuditAction;
/** What is done with signing keys, by command, by schedule, or by a server itself. */
export type KeyAuditAction = RingChange['action'];

/** Who is acting, and from where. */
export interface Actor {
  /** The account; null for the server itself and for visitors. */
  actorId: string | null;
  /** The client's address; null for the server itself. */
  address: string | null;
}

export interface AuditFact extends Actor {
  /** Of a fact that several servers come upon: it is written once. Drawn when there is none. */
  id?: string;
  action: AuditAction;
  /** The account it was done to or about; the actor's own unless told otherwise. */
  accountId?: string | null;
  /** What else it was done to: `kind:id`, an id that is no secret. */
  subject?: string | null;
  details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What nobody has asked for: time has passed, a limit was reached. */
export const THE_SERVER: Actor = { actorId: null, address: null };

/** Rows in one statement; PostgreSQL takes 65,535 parameters. */
const ROWS_AT_A_TIME = 1000;
const MAX_ADDRESS = 100;
/** Of each text among the details, in characters. */
const MAX_TEXT = 300;

/** The row of an entry, for statements that write more than it in one round trip. */
export function auditRow(
  {
    id = newId(),
    action,
    actorId,
    accountId = actorId,
    subject = null,
    address,
    details = {},
  }: AuditFact,
  nowMs: number,
): Insertable<AuditEntryTable> {
  return {
    id,
    created_at: new Date(nowMs),
    action,
    actor_id: actorId,
    account_id: accountId,
    subject,
    address: address?.slice(0, MAX_ADDRESS) ?? null,
    details: JSON.stringify(details, (_, value: unknown) =>
      typeof value === 'string' ? value.slice(0, MAX_TEXT).toWellFormed() : value,
    ),
  };
}

/** Adds one entry. */
export async function recordAudit(
  db: Kysely<Schema> | Transaction<Schema>,
  fact: AuditFact,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values(auditRow(fact, nowMs))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Adds several, in as few statements as can be. */
export async function recordAudits(
  db: Kysely<Schema> | Transaction<Schema>,
  facts: readonly AuditFact[],
  nowMs: number,
): Promise<void> {
  for (let i = 0; i < facts.length; i += ROWS_AT_A_TIME) {
    const rows = facts.slice(i, i + ROWS_AT_A_TIME).map((fact) => auditRow(fact, nowMs));
    await db.insertInto('audit_entry').values(rows).execute();
  }
}
