// Putting a mail into the outbox. Called in the transaction of what it reports, so that both are kept
// or neither; sending is somebody else's work.
import type { Kysely, Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { Schema } from '../database/schema.js';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  stableId: string;
  kind: string;
  references?: { linkId?: string };
}

/** Returns the mail's id. A mail with a stable id that is queued already is not queued again. */
export async function queueMail(
  db: Kysely<Schema> | Transaction<Schema>,
  { to, subject, text, html, stableId, kind, references }: Mail,
): Promise<string> {
  const createdAt = new Date();
  const { id } = await db
    .insertInto('outbox_mail')
    .values({
      id: newId(),
      kind,
      recipient: to,
      subject,
      text,
      html,
      stable_id: stableId,
      link_id: references?.linkId ?? null,
      state: 'queued',
      attempts: 0,
      next_attempt_at: createdAt,
      last_error: null,
      created_at: createdAt,
      sent_at: null,
    })
    .onConflict((conflict) =>
      conflict.column('stable_id').doUpdateSet({ stable_id: (eb) => eb.ref('excluded.stable_id') }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
