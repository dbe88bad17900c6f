// Links to a new password remember whether an administrator has made them to be passed on by hand: those are
// good where mailed ones are turned off. A part of `migrations.ts`; once released it is never edited.
import { sql, type Kysely, type Migration } from 'kysely';

export const resetLinksByHand: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('identity_link')
      .addColumn('by_hand', 'boolean', (c) => c.notNull().defaultTo(sql`false`))
      .execute();
  },
};
