// The two ways a mail leaves: to the mail server that SMTP_URL names, or, without one, into a file for
// the operator. Both resolve only when the other side has taken the whole mail.
import { readFileSync } from 'node:fs';
import { open, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { OutboxMail } from '../database/schema.js';
import { composeMessage } from './compose-message.js';
import type { MailFrom, SmtpSettings } from './mail-settings.js';

export interface MailSender {
  /**
   * Hands one mail over.
   * @param onAccepted called in the very turn in which the server's 250 was read.
   * Rejects with what `judgeFailure` can judge.
   */
  send(mail: OutboxMail, onAccepted: () => void, signal: AbortSignal): Promise<void>;
  /** Resolves when the server would take mail now: connection, TLS, credentials. */
  check(): Promise<void>;
}

/**
 * RFC 5321 section 4.5.3.2.6 asks for ten minutes of patience for the reply to the end of the data: who
 * hangs up earlier, and sends again, is how mails arrive twice.
 */
const REPLY_MS = 10 * 60_000;
const CONNECT_MS = 15_000;

/** @throws Error that names SMTP_URL when its file of certificates cannot be read. */
export function createSmtpSender(smtp: SmtpSettings, from: MailFrom): MailSender {
  const ca = smtp.caFile === undefined ? undefined : readCertificates(smtp.caFile);
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure,
    requireTLS: smtp.starttls === 'required' && !smtp.secure,
    ignoreTLS: smtp.starttls === 'never',
    auth: smtp.auth,
    name: smtp.name,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: REPLY_MS,
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (mail, onAccepted, signal) => {
      await new Promise<void>((resolve, reject) => {
        transport.sendMail({ ...composeMessage(mail, from), signal }, (error) => {
          if (error) reject(error);
          else {
            onAccepted();
            resolve();
          }
        });
      });
    },
    check: async () => {
      await transport.verify();
    },
  };
}

/**
 * Writes mails as `ID.eml` into `directory`, readable by this user alone: they hold links that sign
 * people in. The name is the mail's id, so that writing one again after a crash gives no second.
 */
export function createFileSender(directory: string, from: MailFrom): MailSender {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    send: async (mail, onAccepted) => {
      const { message } = await transport.sendMail(composeMessage(mail, from));
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${mail.id}.eml`);
      const file = await open(`${path}.part`, 'w', 0o600);
      try {
        await file.writeFile(message as Buffer);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.part`, path);
      onAccepted();
    },
    check: async () => {},
  };
}

function readCertificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`SMTP_URL: the certificates that ca names cannot be read: ${reason}`, {
      cause: error,
    });
  }
}
