// Many readers of different speed at once: nobody starves, and slow ones cost next to nothing. The server runs
// in this very process, so its memory is measured by what its buffers take, not by the process's size.
import { stat, truncate } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/wait-for.js';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

const MIB = 1024 * 1024;
/** So much that it cannot end before the others are through. */
const GREEDY_BYTES = 1024 * 1024 * MIB;
const SLOW_BYTES = 24 * MIB;
const SLOW_READERS = 50;
/** What a slow reader takes at a time. */
const SIP_BYTES = 512 * 1024;

let on: TestDownloadServer;
/** Destroyed at the end, whatever comes of a test: the server would wait for them. */
const sockets: Socket[] = [];
beforeAll(async () => {
  on = await startTestDownloadServer();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await on.stop();
});

/** A file with a hole for content: large, and nothing on the disk. */
async function addSparseFile(size: number) {
  const file = await on.addFile('');
  const path = join(on.root, file.key);
  await truncate(path, size);
  const { mtimeMs } = await stat(path);
  return { ...file, size, mtime: Math.trunc(mtimeMs) };
}

/** Connects and asks; the caller reads. */
function ask(token: string): Socket {
  const socket = connect(on.server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`GET /d/${token} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

describe('one greedy reader among fifty slow ones', () => {
  it('keeps nobody from going on, and goes on itself', async () => {
    const [greedyFile, slowFile] = [
      await addSparseFile(GREEDY_BYTES),
      await addSparseFile(SLOW_BYTES),
    ];
    let greedyBytes = 0;
    const greedy = ask((await on.mint(greedyFile)).token);
    greedy.on('data', (part: Buffer) => (greedyBytes += part.length));
    await waitFor('the greedy one is under way', () => greedyBytes > 64 * MIB, 60_000);

    const slow: { socket: Socket; bytes: number }[] = [];
    for (let i = 0; i < SLOW_READERS; i += 1) {
      const socket = ask((await on.mint(slowFile)).token);
      slow.push({ socket, bytes: 0 });
    }
    const greedyBefore = greedyBytes;
    // All of them take sip after sip; the greedy one takes all it is given meanwhile.
    for (let round = 1; round <= 4; round += 1) {
      await waitFor(
        'each slow reader gets its sip',
        () => {
          for (const reader of slow) {
            if (reader.bytes >= round * SIP_BYTES) continue;
            reader.bytes += (reader.socket.read() as Buffer | null)?.length ?? 0;
          }
          return slow.every(({ bytes }) => bytes >= round * SIP_BYTES);
        },
        60_000,
      );
    }
    expect(greedyBytes).toBeGreaterThan(greedyBefore);
    expect(greedyBytes).toBeLessThan(GREEDY_BYTES);
    for (const { socket } of slow) socket.destroy();
    greedy.destroy();
  }, 120_000);
});

describe('three hundred readers who stop', () => {
  it('hold at most one small slice each, however much they were sent before', async () => {
    const file = await addSparseFile(1024 * MIB);
    const tokens = [];
    for (let i = 0; i < 300; i += 1) tokens.push((await on.mint(file)).token);
    const before = process.memoryUsage().arrayBuffers;
    const readers = tokens.map(ask);
    await waitFor('all have got something', () => readers.every((s) => s.bytesRead > 0), 60_000);
    await waitFor(
      'what was read ahead for them is dropped',
      () => {
        const clients = readers.reduce((sum, socket) => sum + socket.readableLength, 0);
        const held = process.memoryUsage().arrayBuffers - before - clients;
        // A slice of 64 KiB for each, and the room that all large ones share.
        return held < 300 * 64 * 1024 + 32 * MIB;
      },
      60_000,
    );
    for (const socket of readers) socket.destroy();
  }, 180_000);
});
