// The outbox against a real mail server: what it takes, what it refuses, and what it is when it is away.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  layOutMail,
  openDatabase,
  queueMail,
  quote,
  type OpenDatabase,
} from '@claimcheck/app-server';
import { createLogger } from '@claimcheck/shared/log';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import type { Client } from '../app/client.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { headerOf, startMailServer, type MailServer } from './start-mail-server.js';

interface MailJson {
  id: string;
  state: string;
  attempts: number;
  to: string;
  lastError?: string;
  nextAttemptAt?: string;
}

let mailServer: MailServer;
let app: TestAppServer;
let admin: Client;
let database: OpenDatabase;
let clockMs = Date.now();

beforeAll(async () => {
  mailServer = await startMailServer();
  const databaseUrl = await createDatabase();
  app = await startTestAppServer({
    databaseUrl,
    now: () => clockMs,
    config: {
      smtp: {
        host: '127.0.0.1',
        port: mailServer.port,
        secure: false,
        starttls: 'optional',
        auth: undefined,
        name: undefined,
        caFile: undefined,
      },
      mailFrom: { name: 'Claims, “quoted”', address: 'files@example.org' },
    },
  });
  admin = await app.signedIn();
  const log = createLogger('test', 'silent');
  database = await openDatabase({ databaseUrl, dataDir: app.config.dataDir, log });
});
beforeEach(() => {
  mailServer.mails.splice(0);
});
afterEach(() => {
  mailServer.onRecipient = () => undefined;
  mailServer.onMail = () => undefined;
});
afterAll(async () => {
  await database.close();
  await app.stop();
  await mailServer.stop();
});

let counter = 0;
async function queue(given: Partial<Parameters<typeof queueMail>[1]> = {}): Promise<string> {
  counter += 1;
  const content = layOutMail({ heading: 'Hello', paragraphs: [['Words.']], footer: [['Why.']] });
  return await queueMail(database.db, {
    to: `somebody${counter}@example.org`,
    subject: 'A subject',
    ...content,
    stableId: `test:${counter}`,
    kind: 'link',
    at: new Date(clockMs),
    ...given,
  });
}

async function listed(id: string): Promise<MailJson> {
  const { mails } = (await (await admin.get('/api/outbox?limit=500')).json()) as {
    mails: MailJson[];
  };
  const mail = mails.find((each) => each.id === id);
  if (!mail) throw new Error('the mail is not in the outbox');
  return mail;
}

async function untilState(id: string, state: string): Promise<MailJson> {
  return await waitFor(`the mail is ${state}`, async () => {
    const mail = await listed(id);
    return mail.state === state ? mail : undefined;
  });
}

/** Waits until attempt `attempts` has failed and the next is set for later. */
async function untilTried(id: string, attempts: number): Promise<MailJson> {
  return await waitFor(`attempt ${attempts} failed`, async () => {
    const mail = await listed(id);
    const isLater = Date.parse(mail.nextAttemptAt ?? '') > clockMs;
    return mail.attempts === attempts && isLater ? mail : undefined;
  });
}

describe('a mail that is queued', () => {
  test('arrives once, as text and HTML that say the same, with the headers of a machine’s mail', async () => {
    const id = await queue({ to: 'ada@example.org', subject: 'Your file' });
    await untilState(id, 'sent');
    expect(mailServer.mails).toHaveLength(1);
    const [mail] = mailServer.mails;
    if (!mail) throw new Error('no mail');
    expect(mail.recipients).toEqual(['ada@example.org']);
    expect(mail.from).toBe('files@example.org');
    expect(mail.email.from).toEqual({ name: 'Claims, “quoted”', address: 'files@example.org' });
    expect(mail.email.to).toEqual([{ name: '', address: 'ada@example.org' }]);
    expect(mail.email.subject).toBe('Your file');
    expect(headerOf(mail, 'content-type')).toMatch(/^multipart\/alternative/);
    expect(mail.email.text).toContain('Words.');
    expect(mail.email.html).toContain('<p>Words.</p>');
    expect(headerOf(mail, 'auto-submitted')).toBe('auto-generated');
    expect(headerOf(mail, 'message-id')).toMatch(/^<[A-Za-z0-9_-]{32}@example\.org>$/);
    expect(headerOf(mail, 'list-unsubscribe')).toBeUndefined();
    expect(headerOf(mail, 'x-mailer')).toBeUndefined();
    expect(mail.email.html).not.toMatch(/<img|<script|<link|src=|url\(/i);
  });

  test('is the same mail when it is queued again by its stable id', async () => {
    const first = await queue({ stableId: 'twice', to: 'one@example.org' });
    const second = await queue({ stableId: 'twice', to: 'two@example.org' });
    expect(second).toBe(first);
    await untilState(first, 'sent');
    expect(mailServer.mails.map(({ recipients }) => recipients)).toEqual([['one@example.org']]);
  });

  test('loses its text and its links when it was sent', async () => {
    const id = await queue({ unsubscribeUrl: 'http://localhost:3000/n/abc' });
    await untilState(id, 'sent');
    const row = await database.db
      .selectFrom('outbox_mail')
      .select(['text', 'html', 'unsubscribe_url'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ text: '', html: '', unsubscribe_url: null });
  });

  test('has the one-click header when there is a way to have no more of them', async () => {
    const url = 'http://localhost:3000/n/abc';
    await untilState(await queue({ unsubscribeUrl: url }), 'sent');
    const [mail] = mailServer.mails;
    expect(mail && headerOf(mail, 'list-unsubscribe')).toBe(`<${url}>`);
    expect(mail && headerOf(mail, 'list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  });

  test('is not sent when what it is for ran out meanwhile', async () => {
    const id = await queue({ uselessAfter: new Date(clockMs - 1) });
    expect((await untilState(id, 'failed')).lastError).toMatch(/had ended before it could be sent/);
    expect(mailServer.mails).toEqual([]);
  });
});

describe('texts that people choose', () => {
  const LONG = `${'Übersicht-資料-دليل-🏖️'.repeat(12)}.pdf`;

  test('arrive whole, however long and in whatever script', async () => {
    const subject = `Fetched: ${'資料-دليل 🏖️ ü'.repeat(8)}`;
    const content = layOutMail({
      heading: 'A file for you',
      paragraphs: [['The file ', quote(LONG), ' is yours.']],
      footer: [['Why.']],
    });
    await untilState(await queue({ subject, ...content }), 'sent');
    const [mail] = mailServer.mails;
    expect(mail?.email.subject).toBe(subject.trim());
    expect(mail?.email.text).toContain(`\u2068${LONG}\u2069`);
    expect(mail?.email.html).toContain(`>${LONG}</b></bdi>`);
    // RFC 5322 section 2.1.1 and RFC 2047 section 2: lines, and each encoded word, stay short.
    const lines = (mail?.raw ?? '').split('\r\n');
    expect(lines.filter((line) => line.length > 78)).toEqual([]);
    for (const [word] of (mail?.raw ?? '').matchAll(/=\?[^?\s]+\?[BQ]\?[^?\s]*\?=/gi)) {
      expect(word.length).toBeLessThanOrEqual(75);
    }
    expect(mail?.raw).toMatch(/^[\r\n\t\x20-\x7e]+$/);
  });

  test.each([
    ['a line feed', 'Hello\nBcc: eve@example.org'],
    ['CR and LF', 'Hello\r\nBcc: eve@example.org\r\n\r\nAnother body'],
    ['a carriage return', 'Hello\rBcc: eve@example.org'],
    ['a Unicode line separator', 'Hello\u2028Bcc: eve@example.org'],
    ['a NUL', 'Hello\u0000\nBcc: eve@example.org'],
  ])('cannot add a header or a recipient by %s in the subject', async (_, subject) => {
    await untilState(await queue({ subject, to: 'ada@example.org' }), 'sent');
    const [mail] = mailServer.mails;
    expect(mail?.recipients).toEqual(['ada@example.org']);
    expect(mail && headerOf(mail, 'bcc')).toBeUndefined();
    expect(mail?.raw).not.toMatch(/^Bcc:/im);
    expect(mail?.email.subject).toMatch(/^Hello Bcc: eve@example\.org/);
  });

  test.each([
    'a@example.org, eve@example.org',
    'a@example.org\r\nRCPT TO:<eve@example.org>',
    'Ada <a@example.org>',
    '<a@example.org>',
    '',
    'a@b@c',
  ])('are refused as an address when they are %j', async (to) => {
    await expect(queue({ to })).rejects.toThrow('exactly one e-mail address');
  });

  test('may be an address with letters of any script, before and behind the @', async () => {
    await untilState(await queue({ to: 'Grüße@Bücher.example' }), 'sent');
    expect(mailServer.mails.map(({ recipients }) => recipients)).toEqual([
      ['grüße@bücher.example'],
    ]);
  });

  test('cannot become markup, nor a line of ours', async () => {
    const hostile = `</b><img src=http://evil.example/x>\n\nSign in: http://evil.example/`;
    const content = layOutMail({
      heading: 'A file',
      paragraphs: [['The file ', quote(hostile), '.']],
      footer: [['Why.']],
    });
    await untilState(await queue(content), 'sent');
    const [mail] = mailServer.mails;
    expect(mail?.email.html).not.toContain('<img');
    expect(mail?.email.html).not.toContain('href="http://evil');
    expect(mail?.email.text).not.toMatch(/^Sign in:/m);
  });
});

describe('a mail server that refuses', () => {
  test('for now (4yz) is tried again, later each time, until it takes the mail', async () => {
    mailServer.onMail = () => ({ code: 451, text: 'Greylisted, come back' });
    const id = await queue();
    for (let attempts = 1; attempts <= 3; attempts += 1) {
      const tried = await untilTried(id, attempts);
      expect(tried).toMatchObject({ state: 'queued', attempts });
      expect(tried.lastError).toContain('Greylisted');
      if (attempts < 3) clockMs += 2_000 * 2 ** (attempts - 1);
    }
    mailServer.onMail = () => undefined;
    // One millisecond early it is not due.
    clockMs += 8_000 - 1;
    const connections = mailServer.connections;
    await untilState(await queue(), 'sent');
    expect(await listed(id)).toMatchObject({ state: 'queued', attempts: 3 });
    expect(mailServer.connections).toBe(connections + 1);
    clockMs += 1;
    await untilState(id, 'sent');
    expect(mailServer.mails).toHaveLength(2);
  });

  test('for good (5yz) is not asked again, and the reason can be read', async () => {
    mailServer.onRecipient = () => ({ code: 550, text: 'No such user here' });
    const id = await queue();
    const failed = await untilState(id, 'failed');
    expect(failed.lastError).toContain('No such user here');
    expect(failed.attempts).toBe(1);
    const page = await (await admin.get('/outbox', { Accept: 'text/html' })).text();
    expect(page).toContain('No such user here');
    mailServer.onRecipient = () => undefined;

    expect((await admin.form(`/outbox/${id}/retry`)).status).toBe(303);
    await untilState(id, 'sent');
    expect(mailServer.mails).toHaveLength(1);
    expect((await admin.request('POST', `/api/outbox/${id}/retry`)).status).toBe(409);
  });

  test('is given up after four days', async () => {
    mailServer.onMail = () => ({ code: 452, text: 'Mailbox full' });
    const id = await queue();
    await untilTried(id, 1);
    clockMs += 4 * 24 * 60 * 60_000;
    admin = await app.signedIn();
    expect((await untilState(id, 'failed')).lastError).toContain('Mailbox full');
  });
});

describe('the outbox', () => {
  test.each([
    ['GET', '/api/outbox'],
    ['GET', '/outbox'],
    ['POST', '/api/outbox/x/retry'],
    ['POST', '/outbox/x/retry'],
  ])('is for administrators alone: %s %s', async (method, path) => {
    const member = await app.addMember();
    expect((await member.request(method, path)).status).toBe(403);
  });

  test('never shows what is in a mail', async () => {
    mailServer.onMail = () => ({ code: 451, text: 'Later' });
    const content = { text: 'SECRET-IN-TEXT', html: '<p>SECRET-IN-TEXT</p>' };
    const id = await queue(content);
    await untilTried(id, 1);
    expect(await (await admin.get('/api/outbox')).text()).not.toContain('SECRET-IN-TEXT');
    expect(await (await admin.get('/outbox')).text()).not.toContain('SECRET-IN-TEXT');
    mailServer.onMail = () => undefined;
    expect((await admin.request('POST', `/api/outbox/${id}/retry`)).status).toBe(204);
    await untilState(id, 'sent');
  });

  test('filters by state, and refuses states that there are not', async () => {
    await untilState(await queue(), 'sent');
    const { mails } = (await (await admin.get('/api/outbox?state=sent')).json()) as {
      mails: MailJson[];
    };
    expect(new Set(mails.map(({ state }) => state))).toEqual(new Set(['sent']));
    expect((await admin.get('/api/outbox?state=lost')).status).toBe(422);
    expect((await admin.request('POST', '/api/outbox/nope/retry')).status).toBe(404);
  });
});
