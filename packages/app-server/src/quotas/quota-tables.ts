// The table of quotas: a row for each account whose quota an administrator has set. Accounts without one
// have the defaults of the settings.
import type { Selectable } from 'kysely';

export interface AccountQuotaTable {
  account_id: string;
  /** Of all its files together; null: the default, as all here. */
  bytes: number | null;
  files: number | null;
  links_per_day: number | null;
}

export interface QuotaTables {
  account_quota: AccountQuotaTable;
}

export type AccountQuota = Selectable<AccountQuotaTable>;
