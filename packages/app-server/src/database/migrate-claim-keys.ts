// Which keys have signed each claim, so that those of a key that was retired in an emergency can be told from the rest
// without touching a row when it is. A part of `migrations.ts`, which names and orders it; once released it is never edited.
import type { Kysely, Migration } from 'kysely';
import { sql } from 'kysely';

export const claimKeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Without a default, so that no row of a big table is written: of older claims the key is not known.
    await sql`alter table claim add column key_ids text[]`.execute(db);
  },
};
