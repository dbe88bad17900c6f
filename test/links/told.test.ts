// What happens to a link reaches those who asked to be told: its sender by one mail, programs by webhooks,
// the story by what became of the mails. On the whole system, with a real mail server and receiver.
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { linkIn, startMailServer, type MailServer } from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startInOneProcess, upload, type System } from '../system/start-system.js';
import { startReceiver, type Receiver } from '../webhooks/start-receiver.js';
import { createRecipient, makeLink, readLink } from './press-link.js';

const SENDER = 'ada@example.org';

let mailServer: MailServer;
let receiver: Receiver;
let system: System;
let sender: Client;
let secret: string;
let file: { id: string; content: Buffer };
beforeAll(async () => {
  mailServer = await startMailServer();
  receiver = await startReceiver();
  system = await startInOneProcess({
    DATABASE_URL: await createDatabase(),
    SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    MAIL_FROM: 'claimcheck <files@example.org>',
    WEBHOOK_ALLOW_PRIVATE: '1',
  });
  sender = await system.signIn();
  const added = await sender.json('POST', '/api/webhooks', { url: receiver.url });
  ({ secret } = (await added.json()) as { secret: string });
  file = await upload(sender, 2000, 'report.bin');
}, 120_000);
afterAll(async () => {
  await system.stop();
  await receiver.stop();
  await mailServer.stop();
});

interface Told {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** Everything that webhooks were told of a link, in the order in which it happened. */
function toldOf(linkId: string): Told[] {
  return receiver.deliveries
    .map(({ body, headers }) => {
      return new Webhook(secret).verify(body, headers as Record<string, string>) as Told;
    })
    .filter(({ data }) => data['linkId'] === linkId)
    .toSorted((a, b) => a.timestamp.localeCompare(b.timestamp));
}

async function untilTold(linkId: string, type: string, times = 1): Promise<Told[]> {
  return await waitFor(`webhooks are told ${type}`, () => {
    const told = toldOf(linkId);
    return told.filter((each) => each.type === type).length >= times && told;
  });
}

const recipient = () => createRecipient(system.appUrl, system.appUrl);

async function fetchOnce(url: string): Promise<void> {
  const { claimUrl = '' } = await recipient().take(url);
  const body = Buffer.from(await (await fetch(claimUrl)).arrayBuffer());
  expect(body.equals(file.content)).toBe(true);
}

const noticesOf = (linkId: string) =>
  mailsTo(SENDER).filter(({ email }) => email.text?.includes(`/links/${linkId}`));
const mailsTo = (to: string) => mailServer.mails.filter(({ recipients }) => recipients[0] === to);
const kindsOf = async (id: string) =>
  (await readLink(sender, id)).timeline
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'created');
const entryOf = async (id: string, kind: string) =>
  (await readLink(sender, id)).timeline.find((entry) => entry.kind === kind);

describe('webhooks', () => {
  test('are told of a link from its making to its end, with its id and recipient', async () => {
    const to = 'bo@example.net';
    const { id, url } = await makeLink(sender, file.id, { to });
    const person = recipient();
    await person.open(url);
    await person.open(url);
    await fetchOnce(url);
    await sender.request('DELETE', `/api/links/${id}`);
    await sender.request('DELETE', `/api/links/${id}`);
    await untilTold(id, 'link.revoked');
    const told = await untilTold(id, 'download.finished');
    const ofLink = {
      linkId: id,
      recipient: to,
      fileId: file.id,
      fileName: 'report.bin',
      size: 2000,
    };
    const types = told.map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('link.'))).toEqual([
      'link.created',
      'link.page_seen',
      'link.revoked',
    ]);
    expect(types.filter((type) => type.startsWith('download.')).toSorted()).toEqual([
      'download.finished',
      'download.started',
    ]);
    for (const { data } of told) expect(data).toMatchObject(ofLink);
    expect(Date.parse(String(told[0]?.data['expiresAt']))).toBeGreaterThan(Date.now());
    // Whoever reads a delivery can fetch nothing with it.
    const handle = new URL(url).pathname.slice('/l/'.length);
    expect(JSON.stringify(receiver.deliveries)).not.toContain(handle);
  });

  test('are told that a link has run out, once, and again when it was extended', async () => {
    const { id } = await makeLink(sender, file.id, { expiresInSeconds: 1 });
    const [told] = (await untilTold(id, 'link.expired')).filter(
      ({ type }) => type === 'link.expired',
    );
    expect(told?.timestamp).toBe(told?.data['expiresAt']);
    await sender.json('PATCH', `/api/links/${id}`, { expiresInSeconds: 1 });
    const ends = (await untilTold(id, 'link.expired', 2)).filter(
      ({ type }) => type === 'link.expired',
    );
    expect(ends).toHaveLength(2);
  });

  test('are not told that a link has run out that was used up or withdrawn before', async () => {
    const life = { expiresInSeconds: 3 };
    const [used, withdrawn, left] = [
      await makeLink(sender, file.id, life),
      await makeLink(sender, file.id, life),
      await makeLink(sender, file.id, life),
    ];
    await fetchOnce(used.url);
    await sender.request('DELETE', `/api/links/${withdrawn.id}`);
    await untilTold(left.id, 'link.expired');
    await waitFor('the ends of all three are past', async () => {
      const { expiresAt } = (await (await sender.get(`/api/links/${left.id}`)).json()) as {
        expiresAt: string;
      };
      return Date.now() > Date.parse(expiresAt) + 1500;
    });
    expect(await kindsOf(used.id)).not.toContain('expired');
    expect(await kindsOf(withdrawn.id)).not.toContain('expired');
    expect(
      toldOf(used.id)
        .concat(toldOf(withdrawn.id))
        .map(({ type }) => type),
    ).not.toContain('link.expired');
  });

  test('are told of downloads in a session as before, without a link', async () => {
    const minted = await sender.json('POST', '/api/claims', { fileId: file.id });
    const { id, url } = (await minted.json()) as { id: string; url: string };
    await (await fetch(url)).arrayBuffer();
    const told = await waitFor('the end is told', () =>
      receiver.deliveries
        .map(({ body }) => JSON.parse(body) as Told)
        .find(({ type, data }) => type === 'download.finished' && data['claimId'] === id),
    );
    expect(Object.keys(told.data)).not.toContain('linkId');
  });
});

describe('the notice of a fetched file', () => {
  test('comes once a link, however many copies are fetched, and is in its story', async () => {
    const { id, url } = await makeLink(sender, file.id, { to: 'cy@example.net', copies: 2 });
    await fetchOnce(url);
    const mail = await waitFor('the notice comes', () => noticesOf(id)[0]);
    expect(mail.email.subject).toBe('Fetched: report.bin');
    expect(mail.email.text).toContain('cy@example.net');
    await fetchOnce(url);
    await waitFor('both are finished', async () => {
      return (await readLink(sender, id)).copiesFinished === 2;
    });
    const sent = await waitFor('it is in the story', () => entryOf(id, 'notice-sent'));
    expect(sent.detail).toBe(SENDER);
    // Queued after the second copy was finished: so no second notice is before it.
    const marker = await makeLink(sender, file.id, { to: 'marker@example.net' });
    await waitFor('a later mail comes', () => mailsTo('marker@example.net')[0]);
    expect(await kindsOf(marker.id)).not.toContain('notice-sent');
    expect(noticesOf(id)).toHaveLength(1);
  });

  test('does not come for a link whose sender wants none', async () => {
    const { id, url } = await makeLink(sender, file.id, { notify: false });
    await fetchOnce(url);
    await waitFor('it is finished', async () => (await readLink(sender, id)).state === 'finished');
    expect((await kindsOf(id)).filter((kind) => kind.startsWith('notice'))).toEqual([]);
    expect(noticesOf(id)).toEqual([]);
  });
});

describe('the story of a link', () => {
  test('says that its mail waits and why, and then when it was sent', async () => {
    await mailServer.goAway();
    const { id } = await makeLink(sender, file.id, { to: 'di@example.net' });
    const page = async () => await (await sender.get(`/links/${id}`)).text();
    const waiting = await waitFor('it was tried', async () => {
      const entry = await entryOf(id, 'mail-waiting');
      return entry?.reason === undefined ? undefined : entry;
    });
    expect(waiting.detail).toBe('di@example.net');
    expect(waiting.reason).toContain('ECONNREFUSED');
    expect(await page()).toMatch(/Waiting to be mailed to di@example\.net; it is tried again: /);
    await mailServer.comeBack();
    const sent = await waitFor('it is sent', () => entryOf(id, 'mail-sent'), 30_000);
    expect(Date.parse(sent.at)).toBeGreaterThan(Date.parse(waiting.at));
    expect(await kindsOf(id)).toEqual(['mail-sent']);
    expect(await page()).toContain('Mailed to di@example.net');
    const [mail] = mailsTo('di@example.net');
    expect(mail && linkIn(mail)).toContain('/l/');
  }, 60_000);

  test('says that its mail was refused, and with what words', async () => {
    mailServer.onRecipient = () => ({ code: 550, text: 'No such mailbox here' });
    try {
      const { id } = await makeLink(sender, file.id, { to: 'nobody@example.net' });
      const failed = await waitFor('it has failed', () => entryOf(id, 'mail-failed'));
      expect(failed.reason).toContain('No such mailbox here');
      expect(Date.parse(failed.at)).toBeLessThanOrEqual(Date.now());
      const list = await (await sender.get('/links')).text();
      expect(list).toContain('the mail could not be sent');
    } finally {
      mailServer.onRecipient = () => undefined;
    }
  });
});

describe('a mail that waits', () => {
  test('is not sent once its link is withdrawn, expired, or has a new address; extended, it is', async () => {
    await mailServer.goAway();
    const to = (name: string) => ({ to: `${name}@example.net` });
    const withdrawn = await makeLink(sender, file.id, to('withdrawn'));
    const expired = await makeLink(sender, file.id, { ...to('expired'), expiresInSeconds: 2 });
    const extended = await makeLink(sender, file.id, { ...to('extended'), expiresInSeconds: 2 });
    const replaced = await makeLink(sender, file.id, to('replaced'));
    await sender.json('PATCH', `/api/links/${extended.id}`, { expiresInSeconds: 3600 });
    await sender.request('DELETE', `/api/links/${withdrawn.id}`);
    const again = await sender.json('POST', `/api/links/${replaced.id}/send`, {});
    const { url } = (await again.json()) as { url: string };
    await waitFor('the link has expired', () => entryOf(expired.id, 'expired'));
    await mailServer.comeBack();
    await waitFor('the others come', () => mailsTo('extended@example.net')[0], 40_000);
    await waitFor('the new address comes', () => mailsTo('replaced@example.net')[0], 40_000);
    for (const { id } of [withdrawn, expired, replaced]) {
      const failed = await waitFor('it is given up', () => entryOf(id, 'mail-failed'), 40_000);
      expect(failed.reason).toBe('what it was for had ended before it could be sent');
    }
    expect(mailsTo('withdrawn@example.net')).toEqual([]);
    expect(mailsTo('expired@example.net')).toEqual([]);
    expect(mailsTo('replaced@example.net').map((mail) => linkIn(mail))).toEqual([url]);
  }, 120_000);
});
