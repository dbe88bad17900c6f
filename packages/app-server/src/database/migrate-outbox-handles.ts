// Takes the addresses that end notices out of mails that were sent before sending did so itself. A part of
// `migrations.ts`, which names and orders it; once released it is never edited.
import { sql, type Kysely, type Migration } from 'kysely';

export const forgetOptOutAddresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`update outbox_mail set unsubscribe_url = null where state = 'sent'`.execute(db);
  },
};
