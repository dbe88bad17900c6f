// Where a webhook may go: the account holder names the URL, and the server stands inside. Nothing private
// is reached, whatever the URL, the resolver or a second answer of it says.
import type { LookupAddress } from 'node:dns';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDeliverySender, isPublicAddress, signDelivery } from '@claimcheck/app-server';
import { Webhook } from 'standardwebhooks';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { startReceiver, type Receiver } from './start-receiver.js';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A sender whose resolver gives these answers, one after the other, and then the last again. */
function senderResolving(answers: string[][], isAllowed = isPublicAddress) {
  let asked = 0;
  const sender = createDeliverySender({
    isAllowed,
    resolve: (_host, done) => {
      const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
      asked += 1;
      done(
        null,
        addresses.map((address): LookupAddress => ({
          address,
          family: address.includes(':') ? 6 : 4,
        })),
      );
    },
  });
  closing.push(() => sender.close());
  return { sender, asked: () => asked };
}

describe('an address', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'localhost',
    '',
    '8.8.8.8.8',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '2606:4700::1111'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('a delivery', () => {
  test('to a name that resolves to a private address is not connected to', async () => {
    const { sender } = senderResolving([['127.0.0.1']]);
    await expect(
      sender.send(`http://hooks.example.org:${receiver.port}/`, {}, '{}'),
    ).rejects.toThrow('resolves to 127.0.0.1, which is not public');
    expect(receiver.deliveries).toEqual([]);
  });

  test('to a name with a public and a private address is not connected to', async () => {
    const { sender } = senderResolving([['8.8.8.8', '127.0.0.1']]);
    await expect(
      sender.send(`http://hooks.example.org:${receiver.port}/`, {}, '{}'),
    ).rejects.toThrow('not public');
    expect(receiver.deliveries).toEqual([]);
  });

  test('is judged by the very resolution that is connected to: a name that changes gains nothing', async () => {
    // Here 127.0.0.1, where somebody listens, stands for the public address, and 127.0.0.2 for a private one.
    const { sender, asked } = senderResolving(
      [['127.0.0.1'], ['127.0.0.2']],
      (address) => address === '127.0.0.1',
    );
    const url = `http://hooks.example.org:${receiver.port}/`;
    expect(await sender.send(url, {}, '{}')).toBe(204);
    // One look-up an attempt: there is no second one in which the answer could differ.
    expect(asked()).toBe(1);
    await expect(sender.send(url, {}, '{}')).rejects.toThrow('resolves to 127.0.0.2');
    expect(asked()).toBe(2);
    expect(receiver.deliveries.splice(0)).toHaveLength(1);
  });

  test.each([
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '0',
  ])('to %s, an address in whatever spelling, is not connected to', async (host) => {
    const { sender } = senderResolving([['8.8.8.8']]);
    await expect(sender.send(`http://${host}:${receiver.port}/`, {}, '{}')).rejects.toThrow(
      'not a public address',
    );
    expect(receiver.deliveries).toEqual([]);
  });
});

describe('a URL', () => {
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer({ databaseUrl: await createDatabase() });
  });
  afterAll(() => app.stop());

  test.each([
    ['http://example.org/', 422],
    ['http://localhost/', 422],
    ['ftp://example.org/', 422],
    ['javascript:alert(1)', 422],
    ['https://user:password@example.org/', 422],
    ['https://example.org/#part', 422],
    ['example.org', 422],
    [`https://example.org/${'a'.repeat(2000)}`, 422],
    ['https://example.org/hook?a=b', 201],
  ])('%s is answered with %d', async (url, status) => {
    const client = await app.signedIn();
    expect((await client.json('POST', '/api/webhooks', { url })).status).toBe(status);
    const page = await client.form('/webhooks', { url });
    expect(page.status).toBe(status === 201 ? 200 : 422);
  });
});

test('the signature is that of the official library, and of its published example', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const payload = '{"test": 2432232314}';
  const headers = signDelivery({ id, payload }, [secret], 1_614_265_330_000);
  expect(headers).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  const official = new Webhook(secret).sign(id, new Date(1_614_265_330_000), payload);
  expect(headers['webhook-signature']).toBe(official);
});
