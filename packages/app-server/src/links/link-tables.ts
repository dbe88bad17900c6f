// The tables of links, as Kysely sees them. No address of a link is stored, only its SHA-256; no
// code, only its keyed hash; no token, only what it takes to mint the very same one again.
import type { Selectable } from 'kysely';

export interface LinkTable {
  id: string;
  account_id: string;
  /** Kept when the file is deleted, like its name and size: the link's story stays readable. */
  file_id: string;
  file_name: string;
  size_bytes: number;
  /** E-mail address, normalised; null when the sender passes the address on. */
  recipient: string | null;
  message: string | null;
  /** How many copies may leave. */
  copies: number;
  /** Whether the sender wants to be told when it has been fetched. */
  notify: boolean;
  /** HMAC of the second factor's six digits, hex; null without one. */
  code_hash: string | null;
  /** Wrong codes since the last right one. */
  code_tries: number;
  /** No code is looked at before this. */
  code_blocked_until: Date | null;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  /** Set once its running out was written down; null again when it is extended. */
  run_out_at: Date | null;
}

/** The addresses a link has had. One is good at a time; older ones only say that they were replaced. */
export interface LinkHandleTable {
  /** SHA-256 of the handle, hex. */
  hash: string;
  link_id: string;
  created_at: Date;
  replaced_at: Date | null;
}

/** Every claim minted for a link. One copy (`number`) may take several, of which at most one is burned. */
export interface LinkCopyTable {
  /** The nonce. */
  claim_id: string;
  link_id: string;
  /** 1 to `link.copies`. */
  number: number;
  /** 1, 2, …: another one only once the last is certain never to be burned. */
  attempt: number;
  /** SHA-256 of the cookie that tells browsers apart, hex; null when none came back. */
  browser_hash: string | null;
  fence: string;
  /** Whole seconds: `iat` and `exp`. */
  issued_at: Date;
  expires_at: Date;
  /** The claim's `fil`, JSON. */
  claimed_file: string;
  /** `unused`: never burned, and cannot be. `used`: burned, or not certain not to be, and over. */
  outcome: 'unused' | 'used' | null;
}

export type LinkEventKind =
  | 'created'
  | 'page-seen'
  | 'held-back'
  | 'code-wrong'
  | 'refused'
  | 'extended'
  | 'sent-again'
  | 'expired'
  | 'revoked';

/** What happened around a link. What happened to its claims is in `claim_event`. */
export interface LinkEventTable {
  id: string;
  link_id: string;
  kind: LinkEventKind;
  /** In the words of the kind: a browser's name, a reason, an address. */
  detail: string | null;
  at: Date;
}

export interface LinkTables {
  link: LinkTable;
  link_handle: LinkHandleTable;
  link_copy: LinkCopyTable;
  link_event: LinkEventTable;
}

export type LinkRecord = Selectable<LinkTable>;
export type CopyRecord = Selectable<LinkCopyTable>;
export type LinkEventRecord = Selectable<LinkEventTable>;
