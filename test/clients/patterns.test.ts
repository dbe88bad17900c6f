// What clients were seen to do to one-time links, one pattern a test: asking twice, looking first, asking for
// crumbs. Each stands in some issue tracker as the way a file was lost.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { budgetOf } from '@claimcheck/shared/claim';
import { burnRequestOf } from '@claimcheck/shared/ledger';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import { keepAccounts, type AccountingLedger } from '../download/account-for-bytes.js';
import { readSome } from '../download/read-some.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { closeLedgers, openLedger } from '../ledger/open-ledger.js';
import { sharedRedisUrl } from '../support/redis.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const BROWSER = 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36';
const DOWNLOADER = 'Dalvik/2.1.0 (Linux; U; Android 14)';

let ledger: AccountingLedger;
let on: TestDownloadServer;
beforeAll(async () => {
  ledger = keepAccounts((await openLedger(sharedRedisUrl())).ledger);
  on = await startTestDownloadServer({ ledger, logLevel: 'warn' });
});
afterAll(async () => {
  await on.stop();
  await closeLedgers();
});

async function offer(size: number, type = 'application/octet-stream') {
  const content = someBytes(size);
  const file = await on.addFile(content, { type });
  return { content, ...(await on.mint(file, { mod: 'resumable' })) };
}

async function spentFor(nonce: string): Promise<number> {
  await ledger.quiet(nonce);
  return ledger.accountOf(nonce).spent;
}

describe('a client that asks twice', () => {
  it('at once, under another name and without cookies, gets the file by the second GET', async () => {
    const { url, content, claim } = await offer(20 * MIB);
    // The page's own GET is dropped as soon as its head tells that it is a download.
    const [, second] = await Promise.all([
      readSome(url, { 'user-agent': BROWSER, cookie: 'a=b' }, 1),
      readSome(url, { 'user-agent': DOWNLOADER }),
    ]);
    expect(second.body.equals(content)).toBe(true);
    expect(await spentFor(claim.jti)).toBeLessThanOrEqual(budgetOf(20 * MIB));
  });

  it('in turn, having dropped the first before its first byte', async () => {
    const { url, content } = await offer(3 * MIB);
    const first = await readSome(url, {}, 0);
    expect(first.whole).toBe(false);
    expect((await readSome(url)).body.equals(content)).toBe(true);
  });
});

describe('a client that looks first', () => {
  it('by the two bytes of a media player, and then asks for all as a range', async () => {
    const { url, content } = await offer(5 * MIB, 'video/mp4');
    const probe = await readSome(url, { range: 'bytes=0-1' });
    expect([probe.status, probe.headers['content-range'], probe.body.length]).toEqual([
      206,
      `bytes 0-1/${5 * MIB}`,
      2,
    ]);
    const all = await readSome(url, { range: 'bytes=0-' });
    expect([all.status, all.body.equals(content)]).toEqual([206, true]);
  });

  it('by HEAD, spends nothing', async () => {
    const { url, content, claim } = await offer(MIB);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(MIB)]);
    expect(await ledger.copyState(burnRequestOf(claim, SOME_KEY_ID))).toBe('unburned');
    expect((await readSome(url)).body.equals(content)).toBe(true);
    expect(await spentFor(claim.jti)).toBe(MIB);
  });

  it('by a prefetch, spends nothing', async () => {
    const { url, content, claim } = await offer(MIB);
    const early = await readSome(url, { 'sec-purpose': 'prefetch;prerender' });
    expect([early.status, await ledger.copyState(burnRequestOf(claim, SOME_KEY_ID))]).toEqual([
      503,
      'unburned',
    ]);
    expect((await readSome(url)).body.equals(content)).toBe(true);
  });
});

describe('a client that asks in crumbs', () => {
  it('as a PDF viewer does, from both ends and out of order over one connection, reads all of it', async () => {
    const size = 2 * MIB;
    const { url, content, claim } = await offer(size, 'application/pdf');
    const tail = await readSome(url, { range: 'bytes=-1024' });
    expect(tail.body.equals(content.subarray(size - KIB))).toBe(true);
    const read = Buffer.alloc(size);
    const first = Array.from({ length: 32 }, (_, i) => ((i * 13) % 32) * 64 * KIB);
    for (const at of first) {
      const range = `bytes=${at}-${at + 64 * KIB - 1}`;
      const answer = await fetch(url, { headers: { range } });
      expect(answer.status).toBe(206);
      read.set(new Uint8Array(await answer.arrayBuffer()), at);
    }
    expect(read.equals(content)).toBe(true);
    expect(await spentFor(claim.jti)).toBe(size + KIB);
  });

  it('beyond the end of a whole file, hears 416 with the size and spends nothing', async () => {
    const size = 300 * KIB;
    const { url, claim } = await offer(size);
    await readSome(url);
    const spent = await spentFor(claim.jti);
    const beyond = await readSome(url, { range: `bytes=${size}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
    expect(await spentFor(claim.jti)).toBe(spent);
  });
});
