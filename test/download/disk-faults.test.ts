// A disk that fails in mid-stream: a file cut short, a read error. The client must see that it lacks bytes, must
// get back what was paid for and not sent, and go on when the disk is well again. (ENOSPC has no part in this:
// nothing is written; the upload's is in test/app/files-disk-full.test.ts.)
import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { budgetOf, type DownloadClaim } from '@claimcheck/shared/claim';
import { createMemoryLedger, responseRequestOf, type Ledger } from '@claimcheck/shared/ledger';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import { startFront, type Front } from '../clients/start-front.js';
import { startMortalServer, type MortalServer } from '../clients/start-mortal-server.js';
import { waitFor } from '../support/wait-for.js';
import { keepAccounts } from './account-for-bytes.js';
import { readSome } from './read-some.js';
import { someBytes, startTestDownloadServer } from './start-download-server.js';

const MIB = 1024 * 1024;
/** More than the sockets between two processes hold. */
const SIZE = 40 * MIB;
const run = promisify(execFile);

/** What the ledger has charged a begun copy with: pays for all that is left, and gives it back. */
async function spentOf(ledger: Ledger, claim: DownloadClaim): Promise<number> {
  const budgetBytes = budgetOf(claim.fil.size);
  const request = {
    ...responseRequestOf(claim, { keyId: SOME_KEY_ID, mayBegin: false }),
    bytes: budgetBytes,
    leastBytes: 0,
  };
  const grant = await ledger.openResponse(request);
  if (!('paidBytes' in grant)) return grant.outcome === 'already-used' ? budgetBytes : Number.NaN;
  const { nonce, fence } = request;
  const sent = { firstByte: 0, bytes: 0 };
  await ledger.settle({ nonce, fence, refundBytes: grant.paidBytes, sent });
  return budgetBytes - grant.paidBytes;
}

/** Where two buffers begin to differ; -1 when they do not. */
function firstDifference(one: Buffer, other: Buffer): number {
  if (one.equals(other)) return -1;
  const at = one.findIndex((byte, i) => byte !== other[i]);
  return at < 0 ? Math.min(one.length, other.length) : at;
}

describe('a file that is cut short while it is sent', () => {
  it('ends in a broken connection, costs what was sent, and can be finished once it is back', async () => {
    const ledger = keepAccounts(createMemoryLedger());
    const on = await startTestDownloadServer({ ledger, logLevel: 'error' });
    const front = await startFront(on.server.port);
    try {
      const content = someBytes(SIZE);
      const added = await on.addFile(content);
      // Whole seconds, which a file can be given again to the nanosecond.
      const seconds = Math.trunc(added.mtime / 1000);
      const file = { ...added, mtime: seconds * 1000 };
      await utimes(join(on.root, file.key), seconds, seconds);
      const { token, claim } = await on.mint(file, { mod: 'resumable' });
      const url = `http://127.0.0.1:${front.port}/d/${token}`;
      const held = front.holdAfter(MIB);
      const reading = readSome(url);
      await held;
      await truncate(join(on.root, file.key), 0);
      front.release('drain');
      const first = await reading;
      expect([first.status, first.whole]).toEqual([200, false]);
      expect(first.received).toBeLessThan(SIZE);
      await ledger.quiet(claim.jti);
      const { sent, spent } = ledger.accountOf(claim.jti);
      expect([spent, await spentOf(ledger, claim)]).toEqual([sent, sent]);
      expect(sent).toBeLessThan(SIZE);
      expect(on.logText()).toContain('the file has become shorter');

      await writeFile(join(on.root, file.key), content);
      await utimes(join(on.root, file.key), seconds, seconds);
      const rest = await readSome(url, { range: `bytes=${first.received}-` });
      expect([rest.status, rest.whole]).toEqual([206, true]);
      expect(firstDifference(Buffer.concat([first.body, rest.body]), content)).toBe(-1);
    } finally {
      await front.stop();
      await on.stop();
    }
  });
});

describe('a read that fails', () => {
  let folder: string;
  let server: MortalServer;
  let front: Front;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claimcheck-failing-disk-'));
    const source = fileURLToPath(new URL('../../download/failing-disk.c', import.meta.url));
    const library = join(folder, 'failing-disk.so');
    await run('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
    server = await startMortalServer({ LD_PRELOAD: library, UV_USE_IO_URING: '0' });
    front = await startFront(server.port);
  });
  afterAll(async () => {
    await front.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('in mid-stream breaks the connection, costs what was sent, and can be gone on from', async () => {
    const bad = 11 * MIB + 12_345;
    const key = `mid/eio-at-${bad}.bin`;
    const { url, claim, content } = await server.offer(SIZE, { key });
    const first = await readSome(url);
    expect([first.status, first.whole]).toEqual([200, false]);
    expect(first.received).toBeLessThanOrEqual(bad);
    // Half a slice and more was paid for ahead, which lies beyond the bad place: it comes back.
    const spent = await waitFor('the end is settled', async () => {
      const bytes = await spentOf(server.ledger, claim);
      return bytes <= bad && bytes;
    });
    expect(spent).toBeGreaterThanOrEqual(first.received);
    // As long as the disk is bad, what begins there is refused before anything is paid for it.
    const again = await readSome(url, { range: `bytes=${bad}-` });
    expect([again.status, again.whole]).toEqual([500, true]);
    expect(await spentOf(server.ledger, claim)).toBe(spent);

    await writeFile(join(server.root, 'mid/healed'), '');
    const rest = await readSome(url, { range: `bytes=${first.received}-` });
    expect([rest.status, rest.whole]).toEqual([206, true]);
    expect(Buffer.concat([first.body, rest.body]).equals(content)).toBe(true);
  });

  it('before the first byte leaves the claim unburned', async () => {
    const { url, claim, content } = await server.offer(MIB, { key: 'early/eio-at-0.bin' });
    const refused = await readSome(url);
    expect(refused.status).toBe(500);
    expect(refused.body.toString()).not.toContain('EIO');
    const request = responseRequestOf(claim, { keyId: SOME_KEY_ID, mayBegin: true });
    expect(await server.ledger.copyState(request)).toBe('unburned');
    await writeFile(join(server.root, 'early/healed'), '');
    expect((await readSome(url)).body.equals(content)).toBe(true);
  });

  it('is told to the operator by name, without the token', () => {
    expect(server.output()).toContain('EIO');
    expect(server.output()).not.toContain('v4.public.');
  });
});
