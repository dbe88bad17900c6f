// Clients that are slow on purpose, or by misfortune: attacks must not keep others from their downloads,
// and a person on a bad line must get the file.
import { afterEach, describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { connect } from 'node:net';
import { spendPatience } from '@claimcheck/download-server/reader-patience';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { startChild } from '../support/child.js';
import { waitFor } from '../support/wait-for.js';
import { PAUSED_BYTES, startPausedDownload } from './paused-download.js';

let on: TestDownloadServer;
afterEach(async () => await on?.stop());

/** Downloads a small file again and again until `over`; returns how long the slowest took, in ms. */
async function downloadUntil(
  over: Promise<unknown>,
): Promise<{ count: number; slowestMs: number }> {
  const file = await on.addFile(Buffer.alloc(100_000));
  const attack = { isOver: false };
  void over.then(() => (attack.isOver = true));
  let [count, slowestMs] = [0, 0];
  while (!attack.isOver) {
    const startedAtMs = performance.now();
    const answer = await fetch((await on.mint(file)).url);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(100_000);
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    count += 1;
  }
  return { count, slowestMs };
}

const ATTACKERS = 400;
const SECONDS = 8;

describe('slowhttptest', () => {
  test.each([
    ['slow headers', ['-H', '-i', '2']],
    ['slow reads', ['-X', '-w', '1', '-y', '2', '-n', '3', '-z', '1', '-k', '3']],
  ])('with %s on 400 connections stops no download', async (_, args) => {
    on = await startTestDownloadServer();
    const { url } = await on.mint(await on.addFile(Buffer.alloc(PAUSED_BYTES)));
    const load = ['-c', String(ATTACKERS), '-r', String(ATTACKERS), '-l', String(SECONDS)];
    const attack = startChild('slowhttptest', [...args, ...load, '-u', url]);
    const { count, slowestMs } = await downloadUntil(attack.ended);
    expect(count).toBeGreaterThan(5);
    expect(slowestMs).toBeLessThan(5000);
    expect(await attack.ended).toBe(0);
    // It did attack: so many connections stood open at once.
    const reports = withoutColours(attack.output()).matchAll(/connected:\s*(\d+)/g);
    const connected = [...reports].map(([, number]) => Number(number));
    expect(Math.max(...connected)).toBeGreaterThan(ATTACKERS / 2);
  });
});

/** It writes to a terminal, whatever reads it. */
function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '');
}

test('a request whose head never ends is closed, and so is a connection that says nothing', async () => {
  on = await startTestDownloadServer();
  const closed = ['GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ', ''].map(
    (head) =>
      new Promise<number>((resolve) => {
        const startedAtMs = performance.now();
        const socket = connect(on.server.port, '127.0.0.1', () => socket.write(head));
        socket.on('error', () => {}).resume();
        socket.once('close', () => resolve(performance.now() - startedAtMs));
      }),
  );
  for (const tookMs of await Promise.all(closed)) {
    expect(tookMs).toBeGreaterThan(9000);
    expect(tookMs).toBeLessThan(20_000);
  }
});

test('a head with too much in it is refused with 431', async () => {
  on = await startTestDownloadServer();
  const answer = await fetch(`${on.url}/livez`, { headers: { 'X-Long': 'x'.repeat(17_000) } });
  expect(answer.status).toBe(431);
});

test('one connection more than MAX_CONNECTIONS is closed unheard, and finds room when one is gone', async () => {
  on = await startTestDownloadServer({ config: { maxConnections: 3 }, untilReady: false });
  const open = () =>
    new Promise<{ end: () => void; answered: Promise<boolean> }>((resolve) => {
      const socket = connect(on.server.port, '127.0.0.1');
      const answered = new Promise<boolean>((answer) => {
        socket.once('data', () => answer(true));
        socket.once('close', () => answer(false));
      });
      socket.on('error', () => {});
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      resolve({ end: () => socket.destroy(), answered });
    });
  const held = [await open(), await open(), await open()];
  for (const { answered } of held) expect(await answered).toBe(true);
  const refused = await open();
  expect(await refused.answered).toBe(false);
  held[0]?.end();
  await waitFor('there is room again', async () => await (await open()).answered);
  for (const { end } of held) end();
});

describe('a reader', () => {
  it('that takes nothing for STALL_SECONDS is cut, and its place is free again', async () => {
    on = await startTestDownloadServer({ config: { stallSeconds: 2, maxDownloads: 1 } });
    const file = await on.addFile(Buffer.alloc(PAUSED_BYTES));
    const [paused, next] = [await on.mint(file), await on.mint(await on.addFile('content'))];
    const download = await startPausedDownload(paused.url);
    expect((await fetch(next.url)).status).toBe(503);
    await waitFor('it is cut', () =>
      on.logged.some(({ claim, cut }) => claim === paused.claim.jti && cut === 'slow-reader'),
    );
    expect(await (await fetch(next.url)).text()).toBe('content');
    await expect(download.finish()).rejects.toThrow('aborted');
    expect(on.ledger.recorded.some((event) => event.startsWith('broken-off'))).toBe(true);
  });

  it('that pauses for less, again and again, gets the whole file', async () => {
    on = await startTestDownloadServer({ config: { stallSeconds: 3, minBytesPerSecond: 1000 } });
    const { url } = await on.mint(await on.addFile(Buffer.alloc(PAUSED_BYTES)));
    const answer = await fetch(url);
    let received = 0;
    let nextPauseAt = 0;
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
      received += part.length;
      if (received < nextPauseAt) continue;
      nextPauseAt += PAUSED_BYTES / 4;
      // What is tried is time itself: a person who pauses.
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    expect(received).toBe(PAUSED_BYTES);
  });
});

describe('patience', () => {
  const limits = { fullMs: 300_000, minBytesPerSecond: 256 };

  it('outlasts a pause of a little less than the whole, then a slow line without end', () => {
    let leftMs = spendPatience(300_000, { elapsedMs: 299_000, bytes: 0 }, limits);
    expect(leftMs).toBe(1000);
    for (let second = 0; second < 3600; second += 1) {
      leftMs = spendPatience(leftMs, { elapsedMs: 1000, bytes: 300 }, limits);
      expect(leftMs).toBeGreaterThan(0);
    }
    expect(leftMs).toBe(300_000);
  });

  it('ends for a byte now and then', () => {
    let leftMs = 300_000;
    let seconds = 0;
    for (; leftMs > 0 && seconds < 1000; seconds += 1) {
      leftMs = spendPatience(leftMs, { elapsedMs: 1000, bytes: 5 }, limits);
    }
    expect(seconds).toBeGreaterThan(300);
    expect(seconds).toBeLessThan(320);
  });

  it('never ends for who keeps the pace, and never grows beyond the whole', () => {
    const steps = fc.array(fc.record({ elapsedMs: fc.nat(3000), surplus: fc.nat(10_000) }));
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 300_000 }), (all, startMs) => {
        let leftMs = startMs;
        for (const { elapsedMs, surplus } of all) {
          const bytes = Math.ceil((elapsedMs / 1000) * limits.minBytesPerSecond) + surplus;
          leftMs = spendPatience(leftMs, { elapsedMs, bytes }, limits);
          expect(leftMs).toBeGreaterThanOrEqual(Math.min(startMs, limits.fullMs));
          expect(leftMs).toBeLessThanOrEqual(limits.fullMs);
        }
      }),
    );
  });

  it('is made whole by any byte where no pace is asked for', () => {
    const none = { fullMs: 60_000, minBytesPerSecond: 0 };
    expect(spendPatience(10, { elapsedMs: 1000, bytes: 1 }, none)).toBe(60_000);
    expect(spendPatience(10_000, { elapsedMs: 1000, bytes: 0 }, none)).toBe(9000);
  });
});
