// Short ways to the trail for tests: what the API tells of it, and the table itself.
import { openDatabase, type OpenDatabase } from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import type { Client } from '../app/client.js';
import type { TestAppServer } from '../app/start-app-server.js';

export interface Entry {
  id: string;
  at: string;
  action: string;
  actor: { id: string; email: string | null } | null;
  account: { id: string; email: string | null } | null;
  subject: string | null;
  address: string | null;
  details: Record<string, string | number | boolean | null>;
}

/** Up to 500 entries that the filter lets through, newest first. */
export async function readTrail(
  admin: Client,
  filter: Record<string, string> = {},
): Promise<Entry[]> {
  const query = new URLSearchParams({ limit: '500', ...filter });
  const response = await admin.get(`/api/audit?${query}`);
  if (response.status !== 200) {
    throw new Error(`the trail gave ${response.status}: ${await response.text()}`);
  }
  return ((await response.json()) as { entries: Entry[] }).entries;
}

/** Another connection to the database of a server on PostgreSQL. */
export async function openBeside({ config }: TestAppServer): Promise<OpenDatabase> {
  const { databaseUrl, dataDir } = config;
  return await openDatabase({ databaseUrl, dataDir, log: createLogger('test', 'silent') });
}
