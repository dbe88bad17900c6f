// Conditional requests by RFC 9110 section 13, over HTTP. HEAD evaluates them as GET does and never burns,
// so one claim serves many questions.
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { etagOf } from '@claimcheck/shared/claim';
import * as fc from 'fast-check';
import {
  startTestDownloadServer,
  type MintedDownload,
  type TestDownloadServer,
} from './start-download-server.js';

const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';

let on: TestDownloadServer;
let minted: MintedDownload;
let etag: string;
beforeAll(async () => {
  on = await startTestDownloadServer({ logLevel: 'silent' });
  const file = await on.addFile('content');
  await utimes(join(on.root, file.key), Date.parse(MODIFIED) / 1000, Date.parse(MODIFIED) / 1000);
  minted = await on.mint({ ...file, mtime: Date.parse(MODIFIED) }, { lifeSeconds: 900 });
  etag = `"${etagOf(file)}"`;
});
afterAll(async () => await on.stop());

async function ask(headers: Record<string, string>): Promise<number> {
  const values = Object.entries(headers).map(([name, value]) => [
    name,
    value.replaceAll('ETAG', etag),
  ]);
  const response = await fetch(minted.url, {
    method: 'HEAD',
    headers: Object.fromEntries(values) as Record<string, string>,
  });
  return response.status;
}

describe('preconditions', () => {
  test.each<[number, Record<string, string>]>([
    [200, { 'If-Match': 'ETAG' }],
    [200, { 'If-Match': '"a", ETAG , "b"' }],
    [200, { 'If-Match': '*' }],
    [412, { 'If-Match': '"a"' }],
    [412, { 'If-Match': 'W/ETAG' }],
    [412, { 'If-Match': 'nonsense' }],
    [304, { 'If-None-Match': 'ETAG' }],
    [304, { 'If-None-Match': 'W/ETAG' }],
    [304, { 'If-None-Match': '"a,b", ETAG' }],
    [304, { 'If-None-Match': '*' }],
    [200, { 'If-None-Match': '"a"' }],
    [200, { 'If-None-Match': 'nonsense' }],
    [200, { 'If-Unmodified-Since': MODIFIED }],
    [200, { 'If-Unmodified-Since': AFTER }],
    [412, { 'If-Unmodified-Since': BEFORE }],
    [200, { 'If-Unmodified-Since': 'a while ago' }],
    [304, { 'If-Modified-Since': MODIFIED }],
    [304, { 'If-Modified-Since': AFTER }],
    [200, { 'If-Modified-Since': BEFORE }],
    [200, { 'If-Modified-Since': '1994-11-06T08:49:38Z' }],
    // The tag decides where both are given (section 13.2.2).
    [200, { 'If-Match': 'ETAG', 'If-Unmodified-Since': BEFORE }],
    [412, { 'If-Match': '"a"', 'If-Unmodified-Since': AFTER }],
    [200, { 'If-None-Match': '"a"', 'If-Modified-Since': AFTER }],
    [304, { 'If-None-Match': 'ETAG', 'If-Modified-Since': BEFORE }],
    // 412 comes before 304.
    [412, { 'If-Match': '"a"', 'If-None-Match': 'ETAG' }],
    [304, { 'If-Match': 'ETAG', 'If-None-Match': 'ETAG' }],
    [412, { 'If-Unmodified-Since': BEFORE, 'If-None-Match': 'ETAG' }],
    // The two old forms of a date (section 5.6.7).
    [304, { 'If-Modified-Since': 'Sunday, 06-Nov-94 08:49:37 GMT' }],
    [304, { 'If-Modified-Since': 'Sun Nov  6 08:49:37 1994' }],
    [200, { 'If-Modified-Since': 'Sunday, 06-Nov-94 08:49:36 GMT' }],
    [200, { 'If-Modified-Since': 'Sun Nov  6 08:49:36 1994' }],
    [200, { 'If-Modified-Since': 'Sat, 31 Jun 1995 08:49:37 GMT' }],
    [200, { 'If-Modified-Since': 'Sun, 06 Nov 1994 25:49:37 GMT' }],
    // If-Range is nothing without Range, and Range is ignored.
    [200, { 'If-Range': '"a"', Range: 'bytes=0-1' }],
  ])('answer %i to %j', async (status, headers) => {
    expect(await ask(headers)).toBe(status);
  });

  it('agree with the order of dates for any two seconds', async () => {
    const seconds = fc.integer({ min: Date.UTC(1970, 0) / 1000, max: Date.UTC(2049, 0) / 1000 });
    await fc.assert(
      fc.asyncProperty(seconds, async (second) => {
        const date = new Date(second * 1000).toUTCString();
        const before = second * 1000 < Date.parse(MODIFIED);
        expect(await ask({ 'If-Unmodified-Since': date })).toBe(before ? 412 : 200);
        expect(await ask({ 'If-Modified-Since': date })).toBe(before ? 200 : 304);
      }),
      { numRuns: 100 },
    );
  });

  it('are answered, whatever stands in them', async () => {
    const names = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'];
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom('"', 'W', '/', ',', '*', ' ', 'a', '\\') }),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), value, async (name, text) => {
        const asked = text.replaceAll(/[^\x20-\x7e]/g, '');
        expect([200, 304, 412]).toContain(await ask({ [name]: asked }));
      }),
      { numRuns: 300 },
    );
  });

  it('of which none passes burn nothing, and a 304 has no body', async () => {
    const file = await on.addFile('content');
    const { url, claim } = await on.mint(file);
    const unchanged = await fetch(url, { headers: { 'If-None-Match': `"${etagOf(file)}"` } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    expect(unchanged.headers.get('etag')).toBe(`"${etagOf(file)}"`);
    expect((await fetch(url, { headers: { 'If-Match': '"a"' } })).status).toBe(412);
    expect(on.ledger.burns.some(({ nonce }) => nonce === claim.jti)).toBe(false);
    const whole = await fetch(url, { headers: { 'If-Match': `"${etagOf(file)}"` } });
    expect([whole.status, await whole.text()]).toEqual([200, 'content']);
  });
});
