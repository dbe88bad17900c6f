// From a row of the outbox to the message that is sent: addresses, headers, text and HTML. The same row
// always gives the same Message-ID and Date, so that a mail server or reader can tell a second copy.
import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer';
import type { OutboxMail } from '../database/schema.js';
import type { MailFrom } from './mail-settings.js';

/** `<hash@domain>` (RFC 5322 section 3.6.4), from the stable id alone: it tells nothing of what it is about. */
export function messageIdOf(stableId: string, from: MailFrom): string {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const hash = createHash('sha256').update(stableId).digest('base64url').slice(0, 32);
  return `<${hash}@${new URL(`http://${domain}`).hostname}>`;
}

/**
 * The message for nodemailer. Addresses are given as objects and the envelope by itself, so that no
 * text is ever parsed for further recipients; nothing may be read from a file or fetched.
 */
export function composeMessage(mail: OutboxMail, from: MailFrom): SendMailOptions {
  return {
    from,
    to: { name: '', address: mail.recipient },
    envelope: { from: from.address, to: [mail.recipient] },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    date: mail.created_at,
    messageId: messageIdOf(mail.stable_id, from),
    headers: {
      // RFC 3834 section 5: no vacation notice shall answer.
      'Auto-Submitted': 'auto-generated',
      ...(mail.unsubscribe_url === null
        ? {}
        : {
            // RFC 2369, and RFC 8058 for the click that opens no page.
            'List-Unsubscribe': { prepared: true, value: `<${mail.unsubscribe_url}>` },
            'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
