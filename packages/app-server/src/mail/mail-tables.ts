// The outbox: mail that is to be sent, kept in the database so that a dead mail server or a crash
// loses none.
import type { Selectable } from 'kysely';

export interface OutboxMailTable {
  id: string;
  /** What it is for: `link` and the like. */
  kind: string;
  recipient: string;
  subject: string;
  text: string;
  html: string;
  /** Names this mail for good: queueing it again changes nothing. */
  stable_id: string;
  link_id: string | null;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  next_attempt_at: Date;
  last_error: string | null;
  created_at: Date;
  sent_at: Date | null;
}

export interface MailTables {
  outbox_mail: OutboxMailTable;
}

export type OutboxMail = Selectable<OutboxMailTable>;
