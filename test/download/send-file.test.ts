// Streams that end before they should: the client is never told that a short file is whole, and nothing
// stays behind in the server.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { truncate } from 'node:fs/promises';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
} from './start-download-server.js';

/** More than the socket buffers of both ends hold. */
const LARGE = 40_000_000;

let on: TestDownloadServer;
beforeAll(async () => {
  on = await startTestDownloadServer();
});
afterAll(async () => await on.stop());

/** Sends a request and stops reading once the head has come. */
async function startSlowly(token: string): Promise<Socket> {
  const socket = connect(on.server.port, '127.0.0.1');
  socket.write(`GET /d/${token} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise((resolve) => socket.once('readable', resolve));
  return socket;
}

async function startAndAbort(token: string, i: number): Promise<void> {
  const socket = await startSlowly(token);
  if (i % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
}

/** Descriptors that are open on files below the root. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith(on.root);
    } catch {
      return false;
    }
  }).length;
}

async function endOf(claimId: string): Promise<string> {
  return await waitFor('the end is recorded', () =>
    on.ledger.recorded.find((event) => event.includes(claimId)),
  );
}

describe('a stream that breaks', () => {
  it('tears the connection down when the file is cut short in mid-stream', async () => {
    const file = await on.addFile(Buffer.alloc(LARGE));
    const { token, claim } = await on.mint(file);
    const socket = await startSlowly(token);
    // A second request behind it must never be answered: it would look like the rest of the file.
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await truncate(join(on.root, file.key), 1000);
    const received = await new Promise<number>((resolve) => {
      let bytes = 0;
      socket.on('error', () => {});
      socket.on('close', () => resolve(bytes));
      socket.on('data', (part: Buffer) => (bytes += part.length));
    });
    expect(received).toBeLessThan(LARGE);
    expect(await endOf(claim.jti)).toMatch(/^broken-off /);
    const logged = on.logged.find((line) => line['msg'] === 'a stream broke');
    expect(logged).toMatchObject({ claim: claim.jti, err: { message: /shorter/ } });
    await waitFor('the file is closed', () => openFiles() === 0);
  });

  it('is an error to a client that knows HTTP', async () => {
    const file = await on.addFile(Buffer.alloc(LARGE));
    const { url } = await on.mint(file);
    const response = await fetch(url);
    await truncate(join(on.root, file.key), 1000);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  });

  it('is recorded as broken off when the client leaves, with at least the bytes it got', async () => {
    const { token, claim } = await on.mint(await on.addFile(Buffer.alloc(LARGE)));
    const socket = await startSlowly(token);
    socket.resetAndDestroy();
    const [kind, , bytes] = (await endOf(claim.jti)).split(' ');
    expect(kind).toBe('broken-off');
    expect(Number(bytes)).toBeGreaterThan(0);
    expect(Number(bytes)).toBeLessThan(LARGE);
  });

  it('leaves nothing open, a thousand times over', async () => {
    const file = await on.addFile(someBytes(3_000_000));
    const minted = [];
    for (let i = 0; i < 1000; i += 1) minted.push(await on.mint(file));
    for (let i = 0; i < minted.length; i += 50) {
      await Promise.all(minted.slice(i, i + 50).map(({ token }, j) => startAndAbort(token, j)));
    }
    await waitFor('every file is closed', () => openFiles() === 0, 30_000);
    const { url } = await on.mint(file);
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(3_000_000);
  });

  it('lets go of a pipelined answer that was never its turn to send', async () => {
    const [first, second] = [
      await on.mint(await on.addFile(Buffer.alloc(LARGE))),
      await on.mint(await on.addFile(Buffer.alloc(LARGE))),
    ];
    const socket = connect(on.server.port, '127.0.0.1');
    socket.write(`GET /d/${first.token} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.write(`GET /d/${second.token} HTTP/1.1\r\nHost: x\r\n\r\n`);
    // An open file is not enough: who leaves before the burn keeps the claim, and there is no end to record.
    await waitFor('both are running', () =>
      [first, second].every(({ claim }) =>
        on.ledger.burns.some(({ nonce }) => nonce === claim.jti),
      ),
    );
    socket.destroy();
    await waitFor('both files are closed', () => openFiles() === 0);
    expect(await endOf(second.claim.jti)).toMatch(/^broken-off /);
  });
});

describe('a slow reader', () => {
  it('gets every byte', async () => {
    const content = someBytes(LARGE);
    const { token } = await on.mint(await on.addFile(content));
    const socket = await startSlowly(token);
    const parts: Buffer[] = [];
    let received = 0;
    while (received < LARGE) {
      const part = socket.read() as Buffer | null;
      if (part === null) await new Promise((resolve) => socket.once('readable', resolve));
      else {
        parts.push(part);
        received += part.length;
      }
    }
    socket.destroy();
    const all = Buffer.concat(parts);
    expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(content.subarray(0, all.length))).toBe(
      true,
    );
  });

  it('costs two slices of memory, however large its file is', async () => {
    const file = await on.addFile(Buffer.alloc(LARGE));
    const tokens = [];
    for (let i = 0; i < 50; i += 1) tokens.push((await on.mint(file)).token);
    const before = process.memoryUsage().arrayBuffers;
    const sockets = await Promise.all(tokens.map(startSlowly));
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(openFiles()).toBe(50);
    // Two slices of 64 KiB in the server, and what the client in this same process has read ahead.
    expect(grown).toBeLessThan(50 * 4 * 65_536);
    for (const socket of sockets) socket.destroy();
    await waitFor('every file is closed', () => openFiles() === 0);
  });
});
