// Webhooks end to end: what happens to a claim reaches the other side, signed so that the official library
// accepts it, again and again until it is taken, and never twice under another id.
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { burn, claimOf, mint, upload } from '../app/files-and-claims.js';
import type { Client } from '../app/client.js';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startReceiver, type ReceivedDelivery, type Receiver } from './start-receiver.js';

interface WebhookJson {
  id: string;
  url: string;
  secret: string;
  stopped: boolean;
}
interface DeliveryJson {
  id: string;
  event: string;
  state: string;
  attempts: number;
  lastStatus?: number;
  lastError?: string;
  nextAttemptAt?: string;
}

let app: TestAppServer;
let member: Client;
let receiver: Receiver;
let clockMs = Date.now();
beforeAll(async () => {
  app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    now: () => clockMs,
    config: { webhookAllowPrivate: true },
  });
});
beforeEach(async () => {
  clockMs = Date.now();
  receiver = await startReceiver();
  member = await app.addMember();
});
afterEach(() => receiver.stop());
afterAll(() => app.stop());

async function add(url = receiver.url, client = member): Promise<WebhookJson> {
  const response = await client.json('POST', '/api/webhooks', { url });
  expect(response.status).toBe(201);
  return (await response.json()) as WebhookJson;
}

async function deliveriesOf({ id }: { id: string }): Promise<DeliveryJson[]> {
  const response = await member.get(`/api/webhooks/${id}/deliveries`);
  return ((await response.json()) as { deliveries: DeliveryJson[] }).deliveries;
}

async function untilDelivery(
  webhook: { id: string },
  what: string,
  probe: (delivery: DeliveryJson) => boolean,
): Promise<DeliveryJson> {
  return await waitFor(what, async () => (await deliveriesOf(webhook)).find(probe));
}

async function received(count: number): Promise<ReceivedDelivery[]> {
  await waitFor(`${count} deliveries`, () => receiver.deliveries.length >= count);
  return receiver.deliveries;
}

const sendTest = async ({ id }: { id: string }) =>
  expect((await member.request('POST', `/api/webhooks/${id}/test`)).status).toBe(202);

const verify = (secret: string, { body, headers }: ReceivedDelivery) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
  };

describe('what happens to a claim', () => {
  test('is told in order, signed as Standard Webhooks has it, with ids and names and no token', async () => {
    const webhook = await add();
    expect(webhook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const file = await upload(member, 'report.txt', 'content');
    const { id, url } = await mint(member, file.id);
    await burn(app.ledger, await claimOf(app, url));
    await app.ledger.record({ kind: 'finished', claimId: id, bytes: 7 });
    await app.ledger.record({ kind: 'refused', claimId: id, bytes: 0 });
    await app.ledger.record({ kind: 'broken-off', claimId: id, bytes: 3 });
    const told = (await received(4)).map((delivery) => verify(webhook.secret, delivery));
    expect(told.map(({ type }) => type).toSorted()).toEqual([
      'download.broken_off',
      'download.finished',
      'download.refused',
      'download.started',
    ]);
    expect(told.find(({ type }) => type === 'download.finished')?.data).toEqual({
      claimId: id,
      fileId: file.id,
      fileName: 'report.txt',
      size: 7,
      bytes: 7,
    });
    const [first] = receiver.deliveries;
    expect(first?.headers['content-type']).toBe('application/json');
    const token = new URL(url).pathname.split('/')[2] ?? 'none';
    expect(JSON.stringify(receiver.deliveries)).not.toContain(token);
    expect(app.logged()).not.toContain(webhook.secret);
  });

  test('reaches every webhook of the account, and none of another’s', async () => {
    const one = await add();
    const two = await add(`${receiver.url}/two`);
    const other = await app.addMember();
    await add(`${receiver.url}/other`, other);
    const { url } = await mint(member, (await upload(member, 'x')).id);
    await burn(app.ledger, await claimOf(app, url));
    await untilDelivery(one, 'the first is told', ({ state }) => state === 'delivered');
    await untilDelivery(two, 'the second is told', ({ state }) => state === 'delivered');
    expect(receiver.deliveries.map(({ path }) => path).toSorted()).toEqual(['/hook', '/hook/two']);
  });
});

test('a webhook that never answers keeps the others’ waiting for nothing', async () => {
  const silent = await startReceiver();
  silent.answer = () => ({ status: 0 });
  try {
    const slow = await add(silent.url);
    for (let i = 0; i < 50; i += 1) await sendTest(slow);
    const quick = await add();
    await sendTest(quick);
    await received(1);
    expect((await deliveriesOf(slow)).every(({ state }) => state === 'queued')).toBe(true);
    expect(silent.deliveries.length).toBeLessThanOrEqual(4);
    await member.request('DELETE', `/api/webhooks/${slow.id}`);
  } finally {
    await silent.stop();
  }
});

describe('a signature', () => {
  test('is refused by the official library when body, id or secret differ', async () => {
    const webhook = await add();
    await sendTest(webhook);
    const [delivery] = await received(1);
    if (!delivery) throw new Error('no delivery');
    expect(verify(webhook.secret, delivery).type).toBe('webhook.test');
    expect(() => verify(webhook.secret, { ...delivery, body: `${delivery.body} ` })).toThrow();
    const headers = { ...delivery.headers, 'webhook-id': 'msg_other' };
    expect(() => verify(webhook.secret, { ...delivery, headers })).toThrow();
    expect(() => verify(`whsec_${'A'.repeat(43)}=`, delivery)).toThrow();
  });

  test('is made with the old secret too for a day after a new one was made', async () => {
    const webhook = await add();
    const rotated = (await (
      await member.request('POST', `/api/webhooks/${webhook.id}/secret`)
    ).json()) as WebhookJson;
    expect(rotated.secret).not.toBe(webhook.secret);
    await sendTest(webhook);
    const [during] = await received(1);
    if (!during) throw new Error('no delivery');
    expect(verify(webhook.secret, during)).toEqual(verify(rotated.secret, during));
    clockMs += 24 * 60 * 60_000;
    await sendTest(webhook);
    const [, after] = await received(2);
    // The library asks the real clock, ours is ahead: only the number of signatures is looked at.
    expect(during.headers['webhook-signature']?.toString().split(' ')).toHaveLength(2);
    expect(after?.headers['webhook-signature']?.toString().split(' ')).toHaveLength(1);
    clockMs -= 24 * 60 * 60_000;
  });

  test('of each attempt has its own time and the same id', async () => {
    receiver.answer = () => ({ status: 500 });
    const webhook = await add();
    await sendTest(webhook);
    await received(1);
    await untilDelivery(
      webhook,
      'it waits',
      ({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? '') > clockMs,
    );
    clockMs += 5_000;
    const [one, two] = await received(2);
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id']);
    expect(Number(two?.headers['webhook-timestamp'])).toBe(
      Number(one?.headers['webhook-timestamp']) + 5,
    );
    expect(two?.body).toBe(one?.body);
  });
});

describe('another side that does not take it', () => {
  test('is tried ten times over three days, and then the delivery has failed', async () => {
    receiver.answer = () => ({ status: 503 });
    const webhook = await add();
    await sendTest(webhook);
    const began = clockMs;
    for (let attempts = 1; attempts < 10; attempts += 1) {
      const waiting = await untilDelivery(
        webhook,
        `attempt ${attempts} has failed`,
        (each) => each.attempts === attempts && Date.parse(each.nextAttemptAt ?? '') > clockMs,
      );
      expect(waiting).toMatchObject({ state: 'queued', lastStatus: 503 });
      // It is not tried early, which the count of the next round shows.
      clockMs = Date.parse(waiting.nextAttemptAt ?? '');
    }
    const failed = await untilDelivery(webhook, 'it has failed', ({ state }) => state === 'failed');
    expect(failed).toMatchObject({ attempts: 10, lastError: 'answered 503' });
    expect(receiver.deliveries).toHaveLength(10);
    expect((clockMs - began) / 3_600_000).toBeCloseTo(75.6, 0);
  });

  test('and says 410 gets no more, until a new secret is made', async () => {
    receiver.answer = () => ({ status: 410 });
    const webhook = await add();
    await sendTest(webhook);
    await untilDelivery(webhook, 'it has failed', ({ state }) => state === 'failed');
    const listed = async () =>
      ((await (await member.get('/api/webhooks')).json()) as { webhooks: WebhookJson[] })
        .webhooks[0];
    await waitFor('it is stopped', async () => (await listed())?.stopped);
    const { url } = await mint(member, (await upload(member, 'x')).id);
    await burn(app.ledger, await claimOf(app, url));
    await member.request('POST', `/api/webhooks/${webhook.id}/test`);
    expect(await deliveriesOf(webhook)).toHaveLength(1);
    receiver.answer = () => ({ status: 204 });
    await member.request('POST', `/api/webhooks/${webhook.id}/secret`);
    await sendTest(webhook);
    await untilDelivery(webhook, 'it is told again', ({ state }) => state === 'delivered');
  });

  test('and redirects is not followed', async () => {
    const elsewhere = await startReceiver();
    try {
      receiver.answer = () => ({ status: 307, headers: { Location: elsewhere.url } });
      const webhook = await add();
      await sendTest(webhook);
      const tried = await untilDelivery(webhook, 'it was tried', ({ lastError }) => !!lastError);
      expect(tried.lastError).toBe('answered 307: redirects are not followed');
      expect(elsewhere.deliveries).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  test('and is not there is told so', async () => {
    const webhook = await add(`http://127.0.0.1:1/nobody`);
    await sendTest(webhook);
    const tried = await untilDelivery(webhook, 'it was tried', ({ lastError }) => !!lastError);
    expect(tried.lastError).toContain('ECONNREFUSED');
    const page = await (await member.get(`/webhooks/${webhook.id}`)).text();
    expect(page).toContain('ECONNREFUSED');
  });
});

describe('the page', () => {
  test('adds one and shows its secret once, sends a test, and deletes it', async () => {
    const added = await member.form('/webhooks', { url: receiver.url });
    const secret = /whsec_[A-Za-z0-9+/=]+/.exec(await added.text())?.[0] ?? '';
    const list = await (await member.get('/webhooks')).text();
    expect(list).not.toContain('whsec_');
    const id = /\/webhooks\/([A-Za-z0-9_-]{12})"/.exec(list)?.[1] ?? '';
    expect((await member.form(`/webhooks/${id}/test`)).status).toBe(303);
    const [delivery] = await received(1);
    if (!delivery) throw new Error('no delivery');
    verify(secret, delivery);
    expect(await (await member.get(`/webhooks/${id}`)).text()).toContain('webhook.test');
    expect(await (await member.form(`/webhooks/${id}/secret`)).text()).toContain('whsec_');
    expect((await member.form(`/webhooks/${id}/delete`)).status).toBe(303);
    expect((await member.get(`/webhooks/${id}`)).status).toBe(404);
  });

  test('is one’s own: nobody else sees, tests, changes or deletes it', async () => {
    const { id } = await add();
    const stranger = await app.addMember();
    for (const [method, path] of [
      ['GET', `/api/webhooks/${id}/deliveries`],
      ['DELETE', `/api/webhooks/${id}`],
      ['POST', `/api/webhooks/${id}/test`],
      ['POST', `/api/webhooks/${id}/secret`],
      ['GET', `/webhooks/${id}`],
      ['POST', `/webhooks/${id}/delete`],
    ] as const) {
      expect((await stranger.request(method, path)).status).toBe(404);
    }
    expect(await deliveriesOf({ id })).toEqual([]);
    expect((await stranger.get('/api/webhooks')).status).toBe(200);
  });

  test('takes ten and not eleven, also at once', async () => {
    const statuses = await Promise.all(
      Array.from(
        { length: 14 },
        async (_, i) =>
          (await member.json('POST', '/api/webhooks', { url: `${receiver.url}/${i}` })).status,
      ),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 409)).toHaveLength(4);
  });
});
