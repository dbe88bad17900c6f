// The table of API keys, as Kysely sees it. The key itself is nowhere: whoever reads the database cannot use one.
import type { Selectable } from 'kysely';

export interface ApiKeyTable {
  id: string;
  account_id: string;
  /** Chosen by its owner. */
  name: string;
  /** SHA-256 of the key, hex. */
  key_hash: string;
  /** Separated by spaces, see `key-scopes.ts`. */
  scopes: string;
  created_at: Date;
  /** Null: until it is revoked. */
  expires_at: Date | null;
  revoked_at: Date | null;
  /** Noted at most once a minute. */
  last_used_at: Date | null;
  last_used_address: string | null;
}

export interface ApiKeyTables {
  api_key: ApiKeyTable;
}

export type ApiKey = Selectable<ApiKeyTable>;
