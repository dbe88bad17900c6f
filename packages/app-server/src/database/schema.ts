// The tables, as Kysely sees them. Instants are `timestamptz`; sizes and modification times, which
// outgrow 32 bits, are `bigint` and arrive as numbers (the parsers are set in `connect.ts`).
import type { ColumnType, Generated, Selectable } from 'kysely';
import type { AuditAction } from '../audit/record-audit.js';
import type { RefusalCountTables } from '../audit/refusal-tables.js';
import type { IdentityTables } from '../identities/identity-tables.js';
import type { FactorTables } from '../factors/factor-tables.js';
import type { ApiKeyTables } from '../api-keys/key-tables.js';
import type { LinkTables } from '../links/link-tables.js';
import type { QuotaTables } from '../quotas/quota-tables.js';
import type {
  RememberedColumn,
  SessionTables,
  TheftColumn,
} from '../sessions/remembered-tables.js';
import type { SignInMethod } from '../sessions/session-store.js';

export type Role = 'admin' | 'member';

export interface AccountTable extends TheftColumn {
  /** 72 random bits, base64url; the `sub` of the account's claims. */
  id: string;
  /** Normalised; null until the first-run administrator has chosen one. */
  email: string | null;
  /** argon2id in PHC string format; null until one is chosen. */
  password_hash: string | null;
  role: Role;
  disabled_at: Date | null;
  created_at: Date;
  /** Whether a mail is wanted when somebody has fetched what this account sent. */
  fetched_notices: Generated<boolean>;
  /** Rows in `external_identity`: above 0 it can be entered without a password. */
  identity_count: Generated<number>;
}

export interface SessionTable extends RememberedColumn {
  /** SHA-256 of the session id, hex. The id itself is never stored. */
  id_hash: string;
  /** Public reference: names the session in lists and in the `ses` of its claims. */
  reference: string;
  account_id: string;
  user_agent: string;
  address: string;
  created_at: Date;
  last_seen_at: Date;
  method: SignInMethod;
  proven_at: Date;
}

/** What was done, by whom, to whom: rows are added, never changed (the database refuses it). */
export interface AuditEntryTable {
  id: string;
  created_at: Date;
  action: AuditAction;
  /** The account that did it; null for the server itself and for visitors. */
  actor_id: string | null;
  /** The account it was done to or about, if any: their owner's own view of the trail. */
  account_id: string | null;
  /** What else it was done to, `claim:…`, `link:…`, `file:…`, `session:…`, `key:…`; ids, never a secret. */
  subject: string | null;
  /** Client address; null for the server itself. */
  address: string | null;
  /** A flat JSON object of further facts. */
  details: string;
}

/** Devices on which an account has signed in: they have sign-in limits of their own. */
export interface KnownDeviceTable {
  /** SHA-256 of the device cookie, hex. */
  device_hash: string;
  account_id: string;
  created_at: Date;
}

export interface FileTable {
  id: string;
  owner_id: string;
  /** Where it lies below FILES_ROOT. */
  storage_key: string;
  name: string;
  media_type: string;
  size_bytes: number;
  /** Hex. */
  sha256: string;
  /** Modification time on disk that the hash belongs to, Unix milliseconds. */
  mtime_ms: number;
  created_at: Date;
}

export interface ClaimTable {
  /** The nonce. */
  id: string;
  account_id: string;
  /** Null for a link's claim. */
  session_reference: string | null;
  /** The link it was minted for, if it was. */
  link_id: Generated<string | null>;
  /** Kept when the file is deleted, like its name and size: the claim's story stays readable. */
  file_id: string;
  file_name: string;
  size_bytes: number;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  mode: 'strict' | 'resumable';
  /** Of a resumable claim: which bytes of the file have been sent, as PostgreSQL writes a multirange. */
  sent: Generated<string>;
  /** How many these are. */
  sent_bytes: Generated<number>;
  /** Responses that were being sent after the last event. */
  open_responses: Generated<number>;
  last_event_at: ColumnType<Date | null, Date | null | undefined>;
  /** When the last of its bytes was sent. */
  finished_at: ColumnType<Date | null, Date | null | undefined>;
  /** Ids of the keys that have signed it; null of claims from before these were kept. */
  key_ids: ColumnType<string[] | null, string[] | null | undefined>;
}

/** What the ledger reported, once an event; a claim's state is read from these. */
export interface ClaimEventTable {
  /** The ledger's event id and the ledger's life together are unique: see `claims/follow-events.ts`. */
  id: string;
  claim_id: string;
  kind: 'started' | 'resumed' | 'finished' | 'broken-off' | 'refused';
  bytes: number;
  at: Date;
}

/** What a mail is about; links and notices hang from it in lists, no behaviour does. */
export type MailKind =
  'link' | 'fetched-notice' | 'sign-in' | 'reset-password' | 'invitation' | 'account-notice';

/** Mails to be sent, being sent and sent: see `mail/deliver-outbox.ts`. */
export interface OutboxMailTable {
  id: string;
  kind: MailKind;
  recipient: string;
  subject: string;
  /** Emptied when it was sent: it may hold a link that signs somebody in. So are `html` and `unsubscribe_url`. */
  text: string;
  html: string;
  /** What it is about, once and for ever; its Message-ID is made of this. */
  stable_id: string;
  link_id: string | null;
  unsubscribe_url: string | null;
  /** Not sent after this instant. */
  useless_after: Date | null;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  next_attempt_at: Date;
  /** The app server that is sending it has until then; null when none is. */
  held_until: Date | null;
  last_error: string | null;
  created_at: Date;
  /** When it was last put into the queue: trying ends some days after it. */
  queued_at: Date;
  sent_at: Date | null;
  /** When it was given up; null again once it is tried again. */
  failed_at: Date | null;
}

/** What stops notices without signing in; a new one in each notice. */
export interface OptOutHandleTable {
  /** SHA-256 of the handle, hex. */
  handle_hash: string;
  account_id: string;
  created_at: Date;
}

/** Links that prove who somebody is by their mailbox. */
export interface IdentityLinkTable {
  id: string;
  /** SHA-256 of the handle, hex. */
  handle_hash: string;
  purpose: IdentityPurpose;
  account_id: string;
  /** Of the claim that a press mints: the ledger burns it once. */
  nonce: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
  withdrawn_at: Date | null;
  /** Made by an administrator and passed on by hand; no mail brought it. */
  by_hand: Generated<boolean>;
}

export type IdentityPurpose = 'sign-in' | 'reset-password' | 'accept-invitation';

/** Somebody asked for a link; looked at later, so that nobody can tell from the answer who has an account. */
export interface LinkRequestTable {
  id: string;
  purpose: Exclude<IdentityPurpose, 'accept-invitation'>;
  /** As typed, normalised; it need not have an account. */
  email: string;
  created_at: Date;
}

export interface WebhookTable {
  id: string;
  account_id: string;
  url: string;
  /** `whsec_` and base64; needed as it is, since it signs. */
  secret: string;
  /** Signs too until `previous_until`, so that the other side can change over. */
  previous_secret: string | null;
  previous_until: Date | null;
  /** Set when the other side answered 410: it wants no more. */
  gone_at: Date | null;
  created_at: Date;
}

export interface WebhookDeliveryTable {
  /** The `webhook-id` header: the same in every attempt. */
  id: string;
  webhook_id: string;
  event: string;
  /** Once a webhook: a second one with the same is the same delivery. */
  stable_id: string;
  /** The body, byte for byte as it is signed. */
  payload: string;
  state: 'queued' | 'delivered' | 'failed';
  attempts: number;
  next_attempt_at: Date;
  held_until: Date | null;
  last_status: number | null;
  last_error: string | null;
  created_at: Date;
  delivered_at: Date | null;
}

export interface Schema
  extends
    LinkTables,
    SessionTables,
    ApiKeyTables,
    IdentityTables,
    FactorTables,
    QuotaTables,
    RefusalCountTables {
  account: AccountTable;
  session: SessionTable;
  audit_entry: AuditEntryTable;
  known_device: KnownDeviceTable;
  file: FileTable;
  claim: ClaimTable;
  claim_event: ClaimEventTable;
  outbox_mail: OutboxMailTable;
  opt_out_handle: OptOutHandleTable;
  identity_link: IdentityLinkTable;
  link_request: LinkRequestTable;
  webhook: WebhookTable;
  webhook_delivery: WebhookDeliveryTable;
}

export type Account = Selectable<AccountTable>;
export type FileRecord = Selectable<FileTable>;
export type ClaimRecord = Selectable<ClaimTable>;
export type OutboxMail = Selectable<OutboxMailTable>;
export type IdentityLink = Selectable<IdentityLinkTable>;
export type Webhook = Selectable<WebhookTable>;
export type WebhookDelivery = Selectable<WebhookDeliveryTable>;
