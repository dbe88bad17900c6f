// The planned response against the table of RFC 9110, and what a table cannot show: dates that prove
// nothing, and which headers go with which status.
import { describe, expect, it, test } from '@jest/globals';
import type { PlannedResponse } from '@claimcheck/download-server/plan-response';
import { cases, CONTENT, MODIFIED, type Case } from './rfc-9110-cases.js';
import { ETAG, extentOf, MINTED_MS, NOW_MS, plan, REPR_DIGEST, summaryOf } from './sample-plan.js';

const SECOND = 1000;

function planFor({ method, asks, of, claim }: Case) {
  // As Node hands them over: lower case, and a field that came twice joined.
  const headers = Object.entries(asks).map(([name, value]) => [
    name.toLowerCase(),
    [value].flat().join(', ').replaceAll('ETAG', ETAG),
  ]);
  return plan({
    method: method ?? 'GET',
    headers: Object.fromEntries(headers) as Record<string, string>,
    size: of === undefined ? CONTENT.length : 0,
    mod: claim ?? 'resumable',
  });
}

/** Status of a range of a file modified then, asked for by this If-Range. */
function statusWith(modifiedAtMs: number, ifRange: string): string {
  const headers = { range: 'bytes=2-5', 'if-range': ifRange };
  return summaryOf(plan({ modifiedAtMs, headers })).slice(0, 3);
}

function isUnchangedSince(date: string): boolean {
  return summaryOf(plan({ headers: { 'if-modified-since': date } })) === '304';
}

describe('RFC 9110', () => {
  it('is asked at least forty questions, none of them twice', () => {
    const questions = cases.map(({ method, asks, of, claim }) =>
      JSON.stringify([method, asks, of, claim]),
    );
    expect(new Set(questions).size).toBe(questions.length);
    expect(questions.length).toBeGreaterThanOrEqual(40);
  });

  test.each(cases.map((row) => [row.section, row.says, row.gives, row] as const))(
    '%s: %s: %s',
    (_section, _says, gives, row) => {
      const planned = planFor(row);
      expect(summaryOf(planned)).toBe(gives);
      const [status, range] = gives.split(' ');
      const carries = row.method !== 'HEAD' && (status === '200' || status === '206');
      const tellsOfFile = status === '200' || status === '206';
      expect(planned.headers['Repr-Digest']).toBe(tellsOfFile ? REPR_DIGEST : undefined);
      const whole: [number, number] = [0, row.of === undefined ? CONTENT.length : 0];
      const [first, last] = (range ?? '').split(/[-/]/).map(Number);
      const part: [number, number] = [first ?? Number.NaN, (last ?? Number.NaN) + 1];
      expect(extentOf(planned)).toEqual(carries ? (status === '206' ? part : whole) : undefined);
    },
  );
});

describe('a date in If-Range (section 8.8.2.2)', () => {
  it('counts when its second was over, by the clocks of all, before the claim was minted', () => {
    const last = MINTED_MS - 6 * SECOND;
    expect(statusWith(last, new Date(last).toUTCString())).toBe('206');
    expect(statusWith(last + 999, new Date(last).toUTCString())).toBe('206');
    expect(statusWith(last + SECOND, new Date(last + SECOND).toUTCString())).toBe('200');
  });

  it('never counts for a file from the future, whose date is the time of asking', () => {
    expect(statusWith(NOW_MS + 3_600_000, new Date(NOW_MS).toUTCString())).toBe('200');
  });

  it('leaves the tag to count, however new the file is', () => {
    expect(statusWith(NOW_MS, ETAG)).toBe('206');
  });
});

describe('a date of two digits (section 5.6.7)', () => {
  it('lies at most fifty years ahead, to the second', () => {
    expect(isUnchangedSince('Sunday, 22-Nov-76 12:00:30 GMT')).toBe(true);
    expect(isUnchangedSince('Sunday, 22-Nov-76 12:00:31 GMT')).toBe(false);
    expect(isUnchangedSince('Thursday, 31-Dec-76 00:00:00 GMT')).toBe(false);
  });
});

describe('the headers', () => {
  const whole = plan() as PlannedResponse;
  const part = plan({ headers: { range: 'bytes=2-5' } }) as PlannedResponse;

  it('of a part are those of the whole, but for length and place, also with If-Range', () => {
    const changed = { 'Content-Length': '4', 'Content-Range': 'bytes 2-5/10' };
    expect(part.headers).toEqual({ ...whole.headers, ...changed });
    const resumed = plan({ headers: { range: 'bytes=2-5', 'if-range': ETAG } });
    expect(resumed.headers).toEqual(part.headers);
  });

  it('bear the digest of the whole file where the claim has its hash (RFC 9530 section 3)', () => {
    expect([whole, part].map(({ headers }) => headers['Repr-Digest'])).toEqual([
      REPR_DIGEST,
      REPR_DIGEST,
    ]);
    const { 'Repr-Digest': _, ...others } = whole.headers;
    expect(plan({ content: { etag: ETAG.slice(1, -1) } }).headers).toEqual(others);
  });

  it('of HEAD are those of the GET', () => {
    expect(plan({ method: 'HEAD' })).toEqual({ ...whole, body: undefined });
    const strict = plan({ mod: 'strict' });
    expect(plan({ method: 'HEAD', mod: 'strict' })).toEqual({ ...strict, body: undefined });
  });

  it('say whether there are parts to be had (section 14.3)', () => {
    expect(whole.headers['Accept-Ranges']).toBe('bytes');
    expect(plan({ mod: 'strict' }).headers['Accept-Ranges']).toBe('none');
  });

  it('of a 304 are what guides caches, and no more (section 15.4.5)', () => {
    const { headers } = plan({ headers: { 'if-none-match': ETAG } });
    expect(headers).toEqual({ ETag: ETAG, 'Cache-Control': 'no-store, no-transform' });
  });

  it('of a 416 tell the size (section 15.5.17)', () => {
    expect(plan({ headers: { range: 'bytes=10-' } })).toEqual({
      refusal: 'range-not-satisfiable',
      headers: { 'Content-Range': 'bytes */10', 'Accept-Ranges': 'bytes' },
    });
  });

  it('name the date that the file bears, never one to come (section 8.8.2.1)', () => {
    expect(whole.headers['Last-Modified']).toBe(MODIFIED);
    const future = plan({ modifiedAtMs: NOW_MS + 3_600_000 });
    expect(future.headers['Last-Modified']).toBe(new Date(NOW_MS).toUTCString());
  });
});

test('a method that has no ranges and no file gets none', () => {
  const planned = plan({ method: 'QUERY', headers: { range: 'bytes=2-5' } });
  expect([summaryOf(planned), extentOf(planned)]).toEqual(['200', undefined]);
});
