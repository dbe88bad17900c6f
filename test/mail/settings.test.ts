// SMTP_URL and MAIL_FROM: what they may say, that faults are named without the password, and that TLS is
// required, used or left as they say, tried against real mail servers.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '@claimcheck/app-server';
import { startTestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startMailServer, type MailServer, type MailServerOptions } from './start-mail-server.js';

const read = (smtpUrl: string, mailFrom = 'files@example.org') =>
  readConfig({ SMTP_URL: smtpUrl, MAIL_FROM: mailFrom });

describe('SMTP_URL', () => {
  test('has port 587 and needs STARTTLS, unless it leads to this machine', () => {
    expect(read('smtp://mail.example.org').smtp).toEqual({
      host: 'mail.example.org',
      port: 587,
      secure: false,
      starttls: 'required',
      auth: undefined,
      name: undefined,
      caFile: undefined,
    });
    expect(read('smtp://localhost:2525').smtp).toMatchObject({ port: 2525, starttls: 'optional' });
    expect(read('smtp://mail.example.org?starttls=never').smtp?.starttls).toBe('never');
  });

  test('has port 465 and TLS at once as smtps, with user and password percent-encoded', () => {
    expect(read('smtps://us%40er:p%3Aw%2F@mail.example.org?name=app.example.org').smtp).toEqual({
      host: 'mail.example.org',
      port: 465,
      secure: true,
      starttls: 'required',
      auth: { user: 'us@er', pass: 'p:w/' },
      name: 'app.example.org',
      caFile: undefined,
    });
  });

  test.each([
    'mail.example.org',
    'http://mail.example.org',
    'smtp://',
    'smtp://user:hunter2@mail.example.org/path',
    'smtp://user@mail.example.org',
    'smtp://mail.example.org?starttls=perhaps',
    'smtps://mail.example.org?starttls=never',
    'smtp://user:hunter2@mail.example.org?tls.rejectUnauthorized=false',
    'smtp://user:%zz@mail.example.org',
    'smtp://user:hunter2@mail.example.org:99999',
  ])('%s is refused by name, and never quoted', (url) => {
    let message = '';
    try {
      read(url);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('SMTP_URL is refused');
    expect(message).not.toContain('hunter2');
  });

  test('needs MAIL_FROM', () => {
    expect(() => readConfig({ SMTP_URL: 'smtp://mail.example.org' })).toThrow(
      'MAIL_FROM is not set',
    );
  });
});

describe('MAIL_FROM', () => {
  test.each([
    ['files@example.org', { name: '', address: 'files@example.org' }],
    ['Our files <Files@Example.org>', { name: 'Our files', address: 'files@example.org' }],
    ['"Files, Inc." <files@example.org>', { name: 'Files, Inc.', address: 'files@example.org' }],
  ])('may be %s', (text, expected) => {
    expect(read('smtp://localhost', text).mailFrom).toEqual(expected);
  });

  test.each(['files', 'a@b.c, d@e.f', 'A <a@b.c> <d@e.f>', 'A\r\nBcc: x@y.z <a@b.c>'])(
    '%j is refused',
    (text) => {
      expect(() => read('smtp://localhost', text)).toThrow('MAIL_FROM');
    },
  );
});

describe('a mail server', () => {
  let directory: string;
  let certFile: string;
  let tls: { key: string; cert: string };
  let mailServer: MailServer | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claimcheck-smtp-tls-'));
    const key = join(directory, 'key.pem');
    certFile = join(directory, 'cert.pem');
    const subject = ['-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', key, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'pipe' });
    tls = { key: await readFile(key, 'utf8'), cert: await readFile(certFile, 'utf8') };
  });
  afterEach(async () => {
    await mailServer?.stop();
    mailServer = undefined;
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Invites somebody and returns how the mail fared: how it came, or the reason why it did not. */
  async function tryMail(
    server: MailServerOptions,
    urlOf: (port: number, ca: string) => string,
  ): Promise<{ secure: boolean; user: unknown } | string> {
    mailServer = await startMailServer(server);
    const { smtp, mailFrom } = read(urlOf(mailServer.port, encodeURIComponent(certFile)));
    const app = await startTestAppServer({
      databaseUrl: await createDatabase(),
      config: { smtp, mailFrom },
    });
    try {
      const admin = await app.signedIn();
      await admin.json('POST', '/api/invitations', { email: 'guest@x.org', role: 'member' });
      return await waitFor('the mail has come or not', async () => {
        const [mail] = mailServer?.mails ?? [];
        if (mail) return { secure: mail.secure, user: mail.user };
        const { mails } = (await (await admin.get('/api/outbox')).json()) as {
          mails: { lastError?: string }[];
        };
        return mails[0]?.lastError;
      });
    } finally {
      await app.stop();
      expect(app.logged()).not.toContain('s3cret');
    }
  }

  test('without STARTTLS gets nothing when it is required', async () => {
    const came = await tryMail({}, (port) => `smtp://127.0.0.1:${port}?starttls=required`);
    expect(came).toMatch(/STARTTLS|TLS/);
    expect(mailServer?.mails).toEqual([]);
  });

  test('with STARTTLS and a certificate that is trusted gets it encrypted', async () => {
    const came = await tryMail(
      { tls },
      (port, ca) => `smtp://127.0.0.1:${port}?starttls=required&ca=${ca}`,
    );
    expect(came).toMatchObject({ secure: true });
  });

  test('with a certificate that nobody trusts gets nothing, also where TLS is optional', async () => {
    const came = await tryMail({ tls }, (port) => `smtp://127.0.0.1:${port}`);
    expect(came).toMatch(/self-signed|certificate/);
    expect(mailServer?.mails).toEqual([]);
  });

  test('with STARTTLS that is not to be used gets it in the clear', async () => {
    const came = await tryMail({ tls }, (port) => `smtp://127.0.0.1:${port}?starttls=never`);
    expect(came).toMatchObject({ secure: false });
  });

  test('with TLS at once and credentials gets it, signed in', async () => {
    const auth = { user: 'claims', pass: 's3cret' };
    const came = await tryMail(
      { tls, secure: true, auth },
      (port, ca) => `smtps://claims:s3cret@127.0.0.1:${port}?ca=${ca}`,
    );
    expect(came).toEqual({ secure: true, user: 'claims' });
  });

  test('that refuses the credentials leaves the mail waiting: it is not the mail’s fault', async () => {
    const came = await tryMail(
      { tls, secure: true, auth: { user: 'claims', pass: 'another' } },
      (port, ca) => `smtps://claims:s3cret@127.0.0.1:${port}?ca=${ca}`,
    );
    expect(came).toContain('Authentication failed');
    expect(came).not.toContain('s3cret');
  });

  test('whose file of certificates is missing keeps the server from starting, by name', async () => {
    const { smtp, mailFrom } = read('smtp://127.0.0.1:25?ca=/nowhere/ca.pem');
    await expect(
      startTestAppServer({ databaseUrl: await createDatabase(), config: { smtp, mailFrom } }),
    ).rejects.toThrow(/^SMTP_URL: the certificates that ca names cannot be read: .*ENOENT/);
  });
});
