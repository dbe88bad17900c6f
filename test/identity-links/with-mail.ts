// An app server with a real mail server beside it, and the steps that these tests share: ask, read the
// mail, press.
import type { AppConfig } from '@claimcheck/app-server';
import { createClient, type Client } from '../app/client.js';
import {
  ADMIN,
  APP_ORIGIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from '../app/start-app-server.js';
import {
  hasLink,
  linkIn,
  startMailServer,
  type MailServer,
  type ReceivedMail,
} from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';

export { ADMIN, APP_ORIGIN, type Client };

export interface WithMail extends TestAppServer {
  mailServer: MailServer;
  databaseUrl: string;
  /** The next mail to this address with this subject, waited for; taken out of those that have come. */
  nextMail(to: string, subject?: string): Promise<ReceivedMail>;
  /** Asks for a link and returns its path. */
  askFor(purpose: 'sign-in-links' | 'password-resets', email: string): Promise<string>;
  /** An account with this password. */
  addAccount(email: string, password: string): Promise<{ id: string }>;
}

export function smtpTo(port: number): Pick<AppConfig, 'smtp' | 'mailFrom'> {
  return {
    smtp: {
      host: '127.0.0.1',
      port,
      secure: false,
      starttls: 'optional',
      auth: undefined,
      name: undefined,
      caFile: undefined,
    },
    mailFrom: { name: 'claimcheck', address: 'files@example.org' },
  };
}

export async function startWithMail(options: StartOptions = {}): Promise<WithMail> {
  const mailServer = await startMailServer();
  const databaseUrl = await createDatabase();
  const app = await startTestAppServer({
    databaseUrl,
    ...options,
    config: { ...smtpTo(mailServer.port), ...options.config },
  });

  async function take(what: string, fits: (mail: ReceivedMail) => boolean): Promise<ReceivedMail> {
    return await waitFor(what, () => {
      const i = mailServer.mails.findIndex(fits);
      return i < 0 ? undefined : mailServer.mails.splice(i, 1)[0];
    });
  }

  const nextMail = (to: string, subject?: string) =>
    take(
      `a mail to ${to}`,
      ({ recipients, email }) =>
        recipients[0] === to && (subject === undefined || email.subject === subject),
    );

  return {
    ...app,
    mailServer,
    databaseUrl,
    nextMail,
    askFor: async (purpose, email) => {
      const asked = await createClient(app.url, APP_ORIGIN).json('POST', `/api/${purpose}`, {
        email,
      });
      if (asked.status !== 202) throw new Error(`asking gave ${asked.status}`);
      // A notice that another test gave cause to may still be on its way.
      const mail = await take(
        `a mail with a link to ${email}`,
        (one) => one.recipients[0] === email && hasLink(one),
      );
      return new URL(linkIn(mail)).pathname;
    },
    addAccount: async (email, password) => {
      const admin = await app.signedIn();
      const added = await admin.json('POST', '/api/accounts', { email, password, role: 'member' });
      if (added.status !== 201) throw new Error(`adding gave ${added.status}`);
      return (await added.json()) as { id: string };
    },
    stop: async () => {
      await app.stop();
      await mailServer.stop();
    },
  };
}
