// The tables, as Kysely sees them. Instants are `timestamptz`; sizes and modification times, which
// outgrow 32 bits, are `bigint` and arrive as numbers (the parsers are set in `connect.ts`).
import type { ColumnType, Generated, Selectable } from 'kysely';
import type { MailTables } from '../mail/mail-tables.js';
import type { LinkTables } from '../links/link-tables.js';

export type Role = 'admin' | 'member';

export interface AccountTable {
  /** 72 random bits, base64url; the `sub` of the account's claims. */
  id: string;
  /** Normalised; null until the first-run administrator has chosen one. */
  email: string | null;
  /** argon2id in PHC string format; null until one is chosen. */
  password_hash: string | null;
  role: Role;
  disabled_at: Date | null;
  created_at: Date;
}

export interface SessionTable {
  /** SHA-256 of the session id, hex. The id itself is never stored. */
  id_hash: string;
  /** Public reference: names the session in lists and in the `ses` of its claims. */
  reference: string;
  account_id: string;
  user_agent: string;
  address: string;
  created_at: Date;
  last_seen_at: Date;
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

export interface Schema extends LinkTables, MailTables {
  account: AccountTable;
  session: SessionTable;
  known_device: KnownDeviceTable;
  file: FileTable;
  claim: ClaimTable;
  claim_event: ClaimEventTable;
}

export type Account = Selectable<AccountTable>;
export type FileRecord = Selectable<FileTable>;
export type ClaimRecord = Selectable<ClaimTable>;
