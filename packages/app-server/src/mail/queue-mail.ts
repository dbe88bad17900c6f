// Putting a mail into the outbox, in the transaction of what it tells of: either both are there after a
// crash, or neither. Nothing is sent here; `deliver-outbox.ts` does that.
import type { Kysely, Transaction } from 'kysely';
import { newId } from '../database/new-id.js';
import type { MailKind, Schema } from '../database/schema.js';
import { normaliseEmail } from '../accounts/email.js';

/** RFC 5322 section 2.1.1 bounds a line at 998 octets; a subject is read at a glance anyway. */
const MAX_SUBJECT_CHARACTERS = 200;

export interface NewMail {
  /** One address; anything else is refused. */
  to: string;
  /** Plain text; line breaks and other control characters become spaces. */
  subject: string;
  text: string;
  html: string;
  /** What this mail is about, once and for ever: a second one with the same is the same mail. */
  stableId: string;
  kind: MailKind;
  references?: { linkId?: string };
  /** Where a click or RFC 8058's one-click POST stops mails of this kind. */
  unsubscribeUrl?: string;
  /** After this instant it would be of no use: it is then not sent, and fails with that reason. */
  uselessAfter?: Date;
  /** When it was queued; the clock of the database host when left out. */
  at?: Date;
}

/**
 * Queues a mail and returns its id; with a stable id that is there already, nothing is added and the
 * id is that of the mail that is there.
 * @throws TypeError when `to` is not one e-mail address.
 */
export async function queueMail(
  db: Kysely<Schema> | Transaction<Schema>,
  mail: NewMail,
): Promise<string> {
  const recipient = normaliseEmail(mail.to);
  if (recipient === undefined) throw new TypeError('a mail goes to exactly one e-mail address');
  const at = mail.at ?? new Date();
  const queued = await db
    .insertInto('outbox_mail')
    .values({
      id: newId(),
      kind: mail.kind,
      recipient,
      subject: oneLine(mail.subject),
      text: mail.text,
      html: mail.html,
      stable_id: mail.stableId,
      link_id: mail.references?.linkId ?? null,
      unsubscribe_url: mail.unsubscribeUrl ?? null,
      useless_after: mail.uselessAfter ?? null,
      state: 'queued',
      attempts: 0,
      next_attempt_at: at,
      held_until: null,
      last_error: null,
      created_at: at,
      queued_at: at,
      sent_at: null,
      failed_at: null,
    })
    .onConflict((conflict) => conflict.column('stable_id').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (queued !== undefined) return queued.id;
  const { id } = await db
    .selectFrom('outbox_mail')
    .select('id')
    .where('stable_id', '=', mail.stableId)
    .executeTakeFirstOrThrow();
  return id;
}

/** What stands in a header has one line, whoever chose it: no header of theirs can follow. */
export function oneLine(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  if (characters.length <= MAX_SUBJECT_CHARACTERS) return line;
  return `${characters.slice(0, MAX_SUBJECT_CHARACTERS - 1).join('')}…`;
}
