// A real mail server of a test's own: it takes mails over SMTP and keeps them as they came over the wire
// and as a mail reader reads them. What it says to each step can be chosen; it can go away and come back.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  raw: string;
  email: Email;
  /** RCPT TO. */
  recipients: string[];
  from: string;
  /** Whether it came over TLS. */
  secure: boolean;
  user: unknown;
}

/** A reply that refuses, `451 …`; undefined lets it pass. */
export type Say = () => { code: number; text: string } | undefined;

export interface MailServer {
  readonly port: number;
  /** In the order in which they were acknowledged. */
  readonly mails: ReceivedMail[];
  /** Connections ever made. */
  readonly connections: number;
  /** What to say to the recipient, and after the data. */
  onRecipient: Say;
  onMail: Say;
  /**
   * Called with each whole mail before it is acknowledged with 250; the acknowledgement waits for it.
   * Rejecting leaves the mail unanswered for ever.
   */
  beforeAcknowledging: (mail: ReceivedMail) => Promise<void>;
  /** Nobody listens from now on. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

export interface MailServerOptions {
  /** A fixed port; any free one without it. */
  port?: number;
  /** Key and certificate (PEM): STARTTLS is offered. */
  tls?: { key: string; cert: string };
  /** TLS from the first byte. */
  secure?: boolean;
  /** Credentials that it insists on. */
  auth?: { user: string; pass: string };
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  let port = options.port ?? 0;
  let connections = 0;
  let running: SMTPServer | undefined;

  const handlers: SMTPServerOptions = {
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onAuth: ({ username, password }, _session, done) => {
      const right = username === options.auth?.user && password === options.auth?.pass;
      if (right) done(null, { user: username ?? '' });
      else done(Object.assign(new Error('Authentication failed'), { responseCode: 535 }));
    },
    onRcptTo: (_address, _session, done) => done(refusal(server.onRecipient())),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        void (async () => {
          const refused = refusal(server.onMail());
          if (refused) return done(refused);
          const raw = Buffer.concat(chunks);
          const mail: ReceivedMail = {
            raw: raw.toString('latin1'),
            email: await PostalMime.parse(raw),
            recipients: session.envelope.rcptTo.map(({ address }) => address),
            from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
            secure: session.secure,
            user: session.user,
          };
          await server.beforeAcknowledging(mail);
          mails.push(mail);
          done();
        })().catch(() => {});
      });
    },
  };

  async function comeBack(): Promise<void> {
    running = new SMTPServer({
      ...handlers,
      name: 'mail.test',
      secure: options.secure ?? false,
      ...options.tls,
      hideSTARTTLS: options.tls === undefined,
      authOptional: options.auth === undefined,
      disabledCommands: [
        ...(options.auth === undefined ? ['AUTH'] : []),
        // Hidden, it would still be taken.
        ...(options.tls === undefined ? ['STARTTLS'] : []),
      ],
      disableReverseLookup: true,
      closeTimeout: 100,
      logger: false,
    });
    running.on('error', () => {});
    const listening = running.listen(port, '127.0.0.1');
    await once(listening, 'listening');
    port = (listening.address() as AddressInfo).port;
  }

  async function goAway(): Promise<void> {
    const closing = running;
    running = undefined;
    await new Promise<void>((resolve) => {
      if (closing) closing.close(() => resolve());
      else resolve();
    });
  }

  const server: MailServer = {
    get port() {
      return port;
    },
    mails,
    get connections() {
      return connections;
    },
    onRecipient: () => undefined,
    onMail: () => undefined,
    beforeAcknowledging: async () => {},
    goAway,
    comeBack,
    stop: goAway,
  };
  await comeBack();
  return server;
}

function refusal(said: ReturnType<Say>): Error | null {
  if (said === undefined) return null;
  return Object.assign(new Error(said.text), { responseCode: said.code });
}

const LINK = /https?:\/\/\S+\/[iln]\/\S+/;

export function hasLink({ email }: ReceivedMail): boolean {
  return LINK.test(email.text ?? '');
}

/** The first link of ours in a mail's text. */
export function linkIn({ email }: ReceivedMail): string {
  const found = LINK.exec(email.text ?? '')?.[0];
  if (found === undefined) throw new Error(`no link in:\n${email.text}`);
  return found;
}

/** A header's value as it was read; undefined when it is missing. */
export function headerOf({ email }: ReceivedMail, name: string): string | undefined {
  return email.headers.find(({ key }) => key === name.toLowerCase())?.value;
}
