// From the outbox to the mail server. Any number of app servers share one outbox: a mail is taken by one
// of them for a minute at a time, which is renewed while it is being sent and simply ends with a crash.
// The order is the rule: take, ask the journal, send, note in the journal, mark, forget.
import type { Logger } from '@claimcheck/shared/log';
import { sql, type Kysely } from 'kysely';
import type { OutboxMail, Schema } from '../database/schema.js';
import type { AcceptedJournal } from './accepted-journal.js';
import { isFree } from './outbox.js';
import { GIVE_UP_AFTER_MS, judgeFailure, waitAfter, type Verdict } from './judge-failure.js';
import type { Slots } from '../slots.js';
import type { MailSender } from './send-mail.js';

/** Mails that one process sends at a time. */
export const MAILS_AT_A_TIME = 4;
/** Another server may take a mail over when its holder has not renewed it for this long. */
const HOLD_MS = 60_000;
const RENEW_EVERY_MS = 15_000;
/** More patience than nodemailer has, which gives up first and says at what. */
const SEND_MS = 12 * 60_000;
const MARK_AGAIN_MS = 500;

export interface OutboxDeps {
  db: Kysely<Schema>;
  log: Logger;
  now: () => number;
  sender: MailSender;
  journal: AcceptedJournal;
  slots: Slots;
  /** Aborts what is being sent: the process wants to end. */
  signal: AbortSignal;
}

/** Begins to send what is due, and returns how many mails that were. Rejects when the database is away. */
export async function deliverOutbox(deps: OutboxDeps): Promise<number> {
  const free = deps.slots.free();
  if (free === 0) return 0;
  const due = await takeDue(deps, free);
  for (const mail of due) deps.slots.begin(() => deliver(deps, mail));
  return due.length;
}

/** `SKIP LOCKED`: servers that look at the same moment each take others, and none waits. */
async function takeDue({ db, now }: OutboxDeps, most: number): Promise<OutboxMail[]> {
  const nowMs = now();
  return await db
    .updateTable('outbox_mail')
    .set({ attempts: sql`attempts + 1`, held_until: new Date(nowMs + HOLD_MS) })
    .where('id', 'in', (due) =>
      due
        .selectFrom('outbox_mail')
        .select('id')
        .where('state', '=', 'queued')
        .where('next_attempt_at', '<=', new Date(nowMs))
        .where(isFree(nowMs))
        .orderBy('next_attempt_at')
        .limit(most)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
}

async function deliver(deps: OutboxDeps, mail: OutboxMail): Promise<void> {
  const { log, sender, journal, now, signal } = deps;
  if (journal.has(mail.id)) {
    // It was taken by the mail server before a crash, or before the database went away.
    log.info({ mailId: mail.id, kind: mail.kind }, 'a mail was sent before; it is marked only now');
    return await markSent(deps, mail);
  }
  const late = verdictOnAge(mail, now());
  if (late) return await markFailed(deps, mail, late);
  const stopRenewing = keepHeld(deps, mail);
  try {
    await sender.send(
      mail,
      () => noteAccepted(deps, mail),
      AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
    );
  } catch (error) {
    stopRenewing();
    return await markFailed(deps, mail, judgeFailure(error));
  }
  stopRenewing();
  await markSent(deps, mail);
  log.info({ mailId: mail.id, kind: mail.kind, attempts: mail.attempts }, 'a mail was sent');
}

/** The mail is out: a full disk must not turn that into a failure, and so into a second mail. */
function noteAccepted({ journal, log }: OutboxDeps, mail: OutboxMail): void {
  try {
    journal.note(mail.id);
  } catch (error) {
    log.error({ mailId: mail.id, err: error }, 'that a mail was sent could not be noted');
  }
}

function verdictOnAge(mail: OutboxMail, nowMs: number): Verdict | undefined {
  if (mail.useless_after !== null && mail.useless_after.getTime() <= nowMs) {
    return { permanent: true, reason: 'what it was for had ended before it could be sent' };
  }
  return undefined;
}

/** Renews the hold until the returned function is called. A renewal that fails is made up by the next. */
function keepHeld({ db, now, log }: OutboxDeps, mail: OutboxMail): () => void {
  const timer = setInterval(() => {
    db.updateTable('outbox_mail')
      .set({ held_until: new Date(now() + HOLD_MS) })
      .where('id', '=', mail.id)
      .where('state', '=', 'queued')
      .where('attempts', '=', mail.attempts)
      .execute()
      .catch((error: unknown) => log.warn({ mailId: mail.id, err: error }, 'a hold lapses'));
  }, RENEW_EVERY_MS);
  return () => clearInterval(timer);
}

/**
 * The text goes with the sending: it may hold a link that signs somebody in, and nobody needs it here. So does
 * the address that ends notices.
 * The database may be away just now; then this waits for it, since nothing else would keep the mail
 * from being sent again, until the process is to end: then the journal will.
 */
async function markSent(deps: OutboxDeps, mail: OutboxMail): Promise<void> {
  const { db, journal, now, log, signal } = deps;
  for (let failures = 0; ; failures += 1) {
    try {
      await db
        .updateTable('outbox_mail')
        .set({
          state: 'sent',
          sent_at: new Date(now()),
          last_error: null,
          held_until: null,
          text: '',
          html: '',
          unsubscribe_url: null,
        })
        .where('id', '=', mail.id)
        .execute();
      journal.forget(mail.id);
      return;
    } catch (error) {
      if (failures === 0)
        log.warn({ mailId: mail.id, err: error }, 'a sent mail waits to be marked');
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, MARK_AGAIN_MS));
    }
  }
}

async function markFailed(
  { db, log, now }: OutboxDeps,
  mail: OutboxMail,
  { permanent, reason }: Verdict,
): Promise<void> {
  const nowMs = now();
  const givenUp = nowMs - mail.queued_at.getTime() >= GIVE_UP_AFTER_MS;
  const failed = permanent || givenUp;
  log.warn(
    { mailId: mail.id, kind: mail.kind, attempts: mail.attempts, reason, failed },
    'a mail was not sent',
  );
  await db
    .updateTable('outbox_mail')
    .set({
      state: failed ? 'failed' : 'queued',
      last_error: reason,
      held_until: null,
      failed_at: failed ? new Date(nowMs) : null,
      next_attempt_at: new Date(nowMs + waitAfter(mail.attempts)),
    })
    .where('id', '=', mail.id)
    // Another server has taken it over meanwhile: what became of it is for that one to say.
    .where('attempts', '=', mail.attempts)
    .where('state', '=', 'queued')
    .execute();
}
