// Starts the sending of mail beside the server: by SMTP when there is a mail server, into files when
// there is none. Says in the log whether the mail server answers, and never keeps the server from starting.
import { join } from 'node:path';
import { startBackgroundLoop } from '../background-loop.js';
import type { AppContext } from '../context.js';
import { openAcceptedJournal } from './accepted-journal.js';
import { createSlots } from '../slots.js';
import { deliverOutbox, MAILS_AT_A_TIME } from './deliver-outbox.js';
import { createFileSender, createSmtpSender, type MailSender } from './send-mail.js';

const POLL_MS = 500;
/** How long a stop waits for mails that are being sent. */
const STOP_MS = 20_000;

export interface RunningMail {
  stop(): Promise<void>;
}

export function startMail({
  config,
  db,
  log,
  now,
}: Pick<AppContext, 'config' | 'db' | 'log' | 'now'>): RunningMail {
  const { dataDir, smtp, mailFrom } = config;
  const outbox = join(dataDir, 'outbox');
  const sender =
    smtp === undefined ? createFileSender(outbox, mailFrom) : createSmtpSender(smtp, mailFrom);
  const journal = openAcceptedJournal(join(outbox, 'accepted'));
  const ending = new AbortController();
  const slots = createSlots(MAILS_AT_A_TIME);
  const deps = { db, log, now, sender, journal, slots, signal: ending.signal };
  if (smtp !== undefined) void sayWhetherItAnswers(sender, log);

  const loop = startBackgroundLoop({
    log,
    name: 'mail',
    pollMs: POLL_MS,
    work: () => deliverOutbox(deps),
  });
  return {
    stop: async () => {
      const impatience = setTimeout(() => ending.abort(), STOP_MS);
      await loop.stop();
      await slots.settle();
      clearTimeout(impatience);
    },
  };
}

async function sayWhetherItAnswers(sender: MailSender, log: AppContext['log']): Promise<void> {
  try {
    await sender.check();
    log.info('the mail server answers');
  } catch (error) {
    log.warn(
      { err: error },
      'the mail server (SMTP_URL) does not take mail now; mails wait for it',
    );
  }
}
