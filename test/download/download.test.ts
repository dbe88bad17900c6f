// The main job over real HTTP: the whole file, once, with the headers that protect it.
import { randomUUID } from 'node:crypto';
import { stat, utimes } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { etagOf } from '@claimcheck/shared/claim';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { Pool } from 'undici';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
} from './start-download-server.js';

const KIB = 1024;

let on: TestDownloadServer;
beforeAll(async () => {
  on = await startTestDownloadServer();
});
afterAll(async () => await on.stop());

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** Not `fetch`, which may not set Sec-Purpose. */
async function getWith(url: string, headers: Record<string, string>) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(url, { headers }, resolve).on('error', reject).end();
  });
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += String(part);
  return { status: response.statusCode, cacheControl: response.headers['cache-control'], body };
}

async function codeOf(response: Response): Promise<string> {
  const { type } = (await response.json()) as { type: string };
  return type.replace('urn:claimcheck:problem:', '');
}

describe('a claim that is good', () => {
  test.each([0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 5 * KIB * KIB])(
    'gets exactly the %i bytes of its file, once',
    async (length) => {
      const content = someBytes(length);
      const { url, claim } = await on.mint(await on.addFile(content));
      const response = await fetch(url);
      expect(response.status).toBe(200);
      expect((await bytesOf(response)).equals(content)).toBe(true);
      expect(response.headers.get('content-length')).toBe(String(length));
      const again = await fetch(url);
      expect([again.status, await codeOf(again)]).toEqual([410, 'already-used']);
      await waitFor('the end is recorded', () =>
        on.ledger.recorded.includes(`finished ${claim.jti} ${length}`),
      );
    },
  );

  it('gets the headers that keep a file from being guessed at, cached, framed or transformed', async () => {
    const file = await on.addFile('hello', { name: 'Bericht.pdf', type: 'application/pdf' });
    const { url } = await on.mint(file);
    const { headers } = await fetch(url);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': '5',
      'content-disposition': 'attachment; filename="Bericht.pdf"',
      etag: `"${etagOf(file)}"`,
      'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'base64url').toString('base64')}:`,
      'last-modified': new Date(file.mtime).toUTCString(),
      'accept-ranges': 'none',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store, no-transform',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    for (const name of [
      'server',
      'x-powered-by',
      'set-cookie',
      'content-encoding',
      'transfer-encoding',
    ]) {
      expect(headers.has(name)).toBe(false);
    }
  });

  it('is not compressed, whatever the client would take', async () => {
    const { url } = await on.mint(await on.addFile('a'.repeat(5000), { type: 'text/plain' }));
    const response = await fetch(url, { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect((await bytesOf(response)).length).toBe(5000);
  });

  it('says "Last-Modified: now" of a file from the future', async () => {
    const file = await on.addFile('x');
    await utimes(`${on.root}/${file.key}`, new Date(), new Date(Date.now() + 3_600_000));
    const mtime = Math.trunc((await stat(`${on.root}/${file.key}`)).mtimeMs);
    const { url } = await on.mint({ ...file, mtime });
    const { headers } = await fetch(url);
    const date = Date.parse(headers.get('date') ?? '');
    expect(Date.parse(headers.get('last-modified') ?? '')).toBeLessThanOrEqual(date);
  });

  it('may stand in the path with any file name behind it, which decides nothing', async () => {
    for (const name of [
      '',
      '/',
      '/other.txt',
      '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '/%zz',
      '/ä%00',
    ]) {
      const { url } = await on.mint(await on.addFile('content', { name: 'real.txt' }));
      const response = await fetch(url + name);
      expect([name, response.status, await response.text()]).toEqual([name, 200, 'content']);
      expect(response.headers.get('content-disposition')).toContain('"real.txt"');
    }
  });

  it('may come as a bearer token', async () => {
    const { token } = await on.mint(await on.addFile('content'));
    const response = await fetch(`${on.url}/d`, { headers: { Authorization: `bearer ${token}` } });
    expect([response.status, await response.text()]).toEqual([200, 'content']);
  });

  it('gets the whole file when it asks for a range: a strict claim has one response', async () => {
    const { url } = await on.mint(await on.addFile('content'));
    const response = await fetch(url, { headers: { Range: 'bytes=2-3' } });
    expect([response.status, await response.text()]).toEqual([200, 'content']);
  });
});

describe('requests that ask for no file', () => {
  it('HEAD gets the headers that GET would get, any number of times, and burns nothing', async () => {
    const { url, claim } = await on.mint(await on.addFile('content'));
    const heads = [await fetch(url, { method: 'HEAD' }), await fetch(url, { method: 'HEAD' })];
    const get = await fetch(url);
    for (const head of heads) {
      expect([head.status, await head.text()]).toEqual([200, '']);
      const [ofHead, ofGet] = [head, get].map(({ headers }) => {
        const all = Object.fromEntries(headers);
        const own = ['date', 'x-request-id', 'connection', 'keep-alive'];
        return Object.entries(all).filter(([name]) => !own.includes(name));
      });
      expect(ofHead).toEqual(ofGet);
    }
    expect(await get.text()).toBe('content');
    expect(on.ledger.burns.filter(({ nonce }) => nonce === claim.jti)).toHaveLength(1);
  });

  it('OPTIONS is told what is allowed', async () => {
    const { url, claim } = await on.mint(await on.addFile('content'));
    const response = await fetch(url, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(on.ledger.burns.some(({ nonce }) => nonce === claim.jti)).toBe(false);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])('%s is refused', async (method) => {
    const { url, claim } = await on.mint(await on.addFile('content'));
    const response = await fetch(url, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(await codeOf(response)).toBe('method-not-allowed');
    expect(on.ledger.burns.some(({ nonce }) => nonce === claim.jti)).toBe(false);
  });

  test.each([
    ['Sec-Purpose', 'prefetch'],
    ['Sec-Purpose', 'prefetch;prerender'],
    ['Purpose', 'prefetch'],
    ['X-Moz', 'prefetch'],
  ])('%s: %s gets no byte, no cached answer, and leaves the claim good', async (name, value) => {
    const { url } = await on.mint(await on.addFile('content'));
    const { status, cacheControl, body } = await getWith(url, { [name]: value });
    expect([status, cacheControl]).toEqual([503, 'no-store']);
    expect(body).toContain('not-in-advance');
    expect(await (await fetch(url)).text()).toBe('content');
  });
});

describe('one connection', () => {
  it('carries many downloads and refusals one after the other', async () => {
    const pool = new Pool(on.url, { connections: 1 });
    const before = on.logged.length;
    for (let i = 0; i < 20; i += 1) {
      const { token } = await on.mint(await on.addFile(someBytes(i * 10_000)));
      const first = await pool.request({ path: `/d/${token}`, method: 'GET' });
      expect((await first.body.arrayBuffer()).byteLength).toBe(i * 10_000);
      const second = await pool.request({ path: `/d/${token}`, method: 'GET' });
      expect(second.statusCode).toBe(410);
      await second.body.dump();
    }
    expect(pool.stats.connected).toBe(1);
    await pool.close();
    expect(on.logged.length - before).toBeGreaterThanOrEqual(40);
  });

  it('answers pipelined requests in their order, each with its own bytes', async () => {
    const contents = [someBytes(300_000), someBytes(10), someBytes(200_000)];
    const minted = [];
    for (const content of contents) minted.push(await on.mint(await on.addFile(content)));
    const socket = connect(on.server.port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    minted.forEach(({ token }, i) => {
      const close = i === minted.length - 1 ? 'Connection: close\r\n' : '';
      socket.write(`GET /d/${token} HTTP/1.1\r\nHost: x\r\n${close}\r\n`);
    });
    await new Promise((resolve) => socket.once('close', resolve));
    let rest = Buffer.concat(parts);
    for (const content of contents) {
      const body = rest.indexOf('\r\n\r\n') + 4;
      expect(rest.subarray(body, body + content.length).equals(content)).toBe(true);
      rest = rest.subarray(body + content.length);
    }
    expect(rest.length).toBe(0);
  });
});

test('two tokens of one nonce are one claim: whatever their bytes, there is one copy', async () => {
  const file = await on.addFile('content');
  const first = await on.mint(file);
  const second = await on.mint(file, { jti: first.claim.jti, sub: 'acc_2', lifeSeconds: 60 });
  expect(second.token).not.toBe(first.token);
  const answers = await Promise.all([fetch(first.url), fetch(second.url)]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 410]);
});

describe.each(['memory', 'Redis'])('two hundred requests at once with one claim (%s)', (kind) => {
  it('give one copy, and no byte of the file to the others', async () => {
    const redis = kind === 'Redis' ? connectRedis(sharedRedisUrl()) : undefined;
    const ledger = redis && createRedisLedger({ redis, prefix: `${randomUUID()}:` });
    const server = ledger ? await startTestDownloadServer({ ledger }) : on;
    const content = `secret ${'x'.repeat(100_000)}`;
    const { url, claim } = await server.mint(await server.addFile(content));
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await fetch(url);
        return { status: response.status, text: await response.text() };
      }),
    );
    const copies = answers.filter(({ status }) => status === 200);
    expect(copies.map(({ text }) => text === content)).toEqual([true]);
    for (const { status, text } of answers.filter((answer) => !copies.includes(answer))) {
      expect([status, text.includes('already-used'), text.includes('secret')]).toEqual([
        410,
        true,
        false,
      ]);
    }
    await waitFor('the end is recorded', () =>
      server.ledger.recorded.includes(`finished ${claim.jti} ${content.length}`),
    );
    const refused = server.ledger.recorded.filter((event) =>
      event.startsWith(`refused ${claim.jti}`),
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(20);
    if (server !== on) await server.stop();
    await ledger?.close();
    redis?.disconnect();
  });
});
