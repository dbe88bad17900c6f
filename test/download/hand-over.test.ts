// Bytes that have to be allowed first, and bytes that may only flow so fast: sent by the server's own sender
// over real connections, from real files.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createBufferPool,
  createDiskPace,
  createFileSender,
  createRate,
  createRates,
  openHandle,
  type FileSender,
  type Sent,
} from '@claimcheck/download-server/sending';
import { someBytes } from './start-download-server.js';

const KIB = 1024;
const CONTENT = someBytes(900 * KIB + 7);

type Options = Parameters<FileSender['sendFile']>[4];

let directory: string;
let path: string;
let server: Server | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claimcheck-hand-over-'));
  path = join(directory, 'file');
  await writeFile(path, CONTENT);
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Serves the file once to each request, and gives what became of it. */
async function serve(options: (request: number) => Options) {
  const sender = createFileSender({
    pace: createDiskPace({ isLocal: false }),
    buffers: createBufferPool(),
  });
  const ends: Promise<Sent>[] = [];
  server = createServer((_, response) => {
    const request = ends.length;
    const send = async (): Promise<Sent> => {
      const handle = await openHandle(path);
      try {
        const ahead = await sender.readAhead(handle, { firstByte: 0, length: CONTENT.length });
        const headers = { 'Content-Length': String(CONTENT.length) };
        const head = { status: 200, headers };
        return await sender.sendFile(response, handle, head, ahead, options(request));
      } finally {
        await handle.close();
      }
    };
    ends.push(send());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, ends };
}

async function fetchBytes(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

/** The body's bytes that came before the connection ended, and whether it ended cleanly. */
async function fetchWhatComes(url: string): Promise<{ body: Buffer; failed: boolean }> {
  const parts: Uint8Array[] = [];
  try {
    const { body } = await fetch(url);
    for await (const part of body ?? []) parts.push(part);
    return { body: Buffer.concat(parts), failed: false };
  } catch {
    return { body: Buffer.concat(parts), failed: true };
  }
}

describe('bytes that have to be allowed', () => {
  it('are asked for from the first on, and none is sent that was not', async () => {
    const asked: number[] = [];
    let allowedInAll = 0;
    const allow = (wanted: number) => {
      asked.push(wanted);
      const now = Math.min(wanted, 10_000);
      allowedInAll += now;
      return now;
    };
    const { url, ends } = await serve(() => ({ allow }));
    expect((await fetchBytes(url)).equals(CONTENT)).toBe(true);
    expect(await ends[0]).toEqual({ bytes: CONTENT.length, complete: true });
    expect(allowedInAll).toBe(CONTENT.length);
    expect(Math.max(...asked)).toBeLessThanOrEqual(1024 * KIB);
  });

  it('may be allowed later', async () => {
    const allow = async (wanted: number) => {
      await new Promise(setImmediate);
      return wanted;
    };
    const { url, ends } = await serve(() => ({ allow }));
    expect((await fetchBytes(url)).equals(CONTENT)).toBe(true);
    expect(await ends[0]).toMatchObject({ complete: true });
  });

  it.each([0, Number.NaN, -1])('end with a torn connection when the answer is %p', async (no) => {
    let left = 100_000;
    const allow = (wanted: number) => {
      const now = Math.min(wanted, left);
      left -= now;
      return now === 0 ? no : now;
    };
    const { url, ends } = await serve(() => ({ allow }));
    const { body, failed } = await fetchWhatComes(url);
    expect(failed).toBe(true);
    expect(await ends[0]).toEqual({ bytes: 100_000, complete: false, refusedMore: true });
    expect(body.equals(CONTENT.subarray(0, body.length))).toBe(true);
    expect(body.length).toBeLessThanOrEqual(100_000);
  });

  it('end with a torn connection and the reason when the answer fails', async () => {
    const allow = () => Promise.reject(new Error('the ledger is away'));
    const { url, ends } = await serve(() => ({ allow }));
    expect((await fetchWhatComes(url)).failed).toBe(true);
    expect(await ends[0]).toEqual({
      bytes: 0,
      complete: false,
      error: new Error('the ledger is away'),
    });
  });

  it('are handed to nobody when the client left while they were being allowed', async () => {
    let answer: (allowed: number) => void = () => {};
    let wanted = 0;
    let ask: () => void = () => {};
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const allow = (bytes: number) => {
      wanted = bytes;
      ask();
      return new Promise<number>((resolve) => (answer = resolve));
    };
    const { url, ends } = await serve(() => ({ allow }));
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await asked;
    const closed = new Promise((resolve) => {
      server?.getConnections((_, count) => resolve(count));
    });
    expect(await closed).toBe(1);
    socket.resetAndDestroy();
    while ((await new Promise<number>((r) => server?.getConnections((_, n) => r(n)))) > 0) {
      await new Promise(setImmediate);
    }
    answer(wanted);
    expect(await ends[0]).toEqual({ bytes: 0, complete: false });
  });
});

describe('the rate', () => {
  it('spreads bytes evenly: no twentieth of a second gets more than its share and the burst', () => {
    let nowMs = 0;
    const rate = createRate(1_000_000, () => nowMs);
    const sentAtMs: number[] = [];
    for (let i = 0; i < 400; i += 1) {
      nowMs += rate.draw(5000);
      sentAtMs.push(nowMs);
    }
    for (let from = 0; from < nowMs; from += 10) {
      const within = sentAtMs.filter((at) => at >= from && at < from + 50).length * 5000;
      expect(within).toBeLessThanOrEqual(100_000 + 5000);
    }
    // Two megabytes at one a second, less the burst.
    expect(nowMs).toBeGreaterThanOrEqual(1940);
    expect(nowMs).toBeLessThanOrEqual(2000);
  });

  it('is kept by a download, from its first byte on', async () => {
    const { url, ends } = await serve(() => ({ rate: createRate(1_800_000) }));
    const startedMs = performance.now();
    expect((await fetchBytes(url)).equals(CONTENT)).toBe(true);
    // 921,607 bytes take 512 ms, of which the burst saves 50.
    expect(performance.now() - startedMs).toBeGreaterThan(450);
    expect(await ends[0]).toMatchObject({ complete: true });
  });

  it('is shared by the responses of one claim, and nobody else', async () => {
    const rates = createRates(3_600_000);
    const { url, ends } = await serve((request) => ({
      rate: rates.take(request < 3 ? 'one claim' : 'another').rate,
    }));
    const startedMs = performance.now();
    await Promise.all([1, 2, 3].map(async () => await fetchBytes(url)));
    const togetherMs = performance.now() - startedMs;
    // Three times 921,607 bytes at 3,600,000 a second.
    expect(togetherMs).toBeGreaterThan(700);
    expect(rates.take('another').rate).not.toBe(rates.take('one claim').rate);
    expect(await Promise.all(ends)).toHaveLength(3);
  });

  it('is forgotten with the last response of a claim', () => {
    const rates = createRates(1000);
    const [first, second] = [rates.take('claim'), rates.take('claim')];
    expect(second.rate).toBe(first.rate);
    first.release();
    expect(rates.take('claim').rate).toBe(second.rate);
    second.release();
    rates.take('claim').release();
    const none = createRates(0).take('claim');
    expect(none.rate).toBeUndefined();
  });

  it('lets go at once of a client who leaves while it waits', async () => {
    const { url, ends } = await serve(() => ({ rate: createRate(20_000) }));
    const startedMs = performance.now();
    const response = await fetch(url);
    await response.body?.cancel();
    const sent = await ends[0];
    expect(sent).toMatchObject({ complete: false });
    expect(sent).not.toHaveProperty('error');
    // The whole would take 46 s.
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });
});
