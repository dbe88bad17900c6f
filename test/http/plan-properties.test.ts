// Properties of the planned response: for any file and whatever stands in the headers, nothing throws,
// nothing outside the file is ever planned, and parts fit together.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Plan } from '@claimcheck/download-server/plan-response';
import { ETAG, extentOf, plan, summaryOf } from './sample-plan.js';

const RUNS = { numRuns: 2000 };

const size = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const numeral = fc.oneof(
  fc.integer({ min: 0, max: 50 }).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String),
);
const spec = fc.oneof(
  fc.tuple(numeral, numeral).map(([first, last]) => `${first}-${last}`),
  numeral.map((first) => `${first}-`),
  numeral.map((length) => `-${length}`),
  fc.string({ unit: fc.constantFrom('0', '7', '-', ' ', '\t', ',', 'x', '\u00a0'), maxLength: 8 }),
);
const rangeText = fc.oneof(
  fc.array(spec, { minLength: 1, maxLength: 4 }).map((specs) => `bytes=${specs.join(',')}`),
  spec.map((one) => `bytes=${one}`),
  fc.string(),
  fc.string({ unit: 'binary' }).map((text) => `bytes=${text}`),
);
const validator = fc.oneof(
  fc.constantFrom(ETAG, `W/${ETAG}`, '"x"', '*', 'Sun, 06 Nov 1994 08:49:37 GMT'),
  fc.string(),
);

/** What must hold for every plan, whatever was asked. */
function expectSound(planned: Plan, fileSize: number, method: string): void {
  const { headers } = planned;
  if ('refusal' in planned) {
    const is416 = planned.refusal === 'range-not-satisfiable';
    expect(headers['Content-Range']).toBe(is416 ? `bytes */${fileSize}` : undefined);
    return;
  }
  expect(planned.body !== undefined).toBe(method === 'GET' && planned.status !== 304);
  if (planned.status === 304) return;
  const length = Number(headers['Content-Length']);
  const place = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['Content-Range'] ?? '');
  expect(place !== null).toBe(planned.status === 206);
  const [, first = 0, last = fileSize - 1, ofSize = fileSize] = place?.map(Number) ?? [];
  expect([last - first + 1, ofSize]).toEqual([length, fileSize]);
  expect(first >= 0 && last < fileSize && length >= (place ? 1 : 0)).toBe(true);
  if (planned.body) expect(planned.body).toEqual({ firstByte: first, length });
}

describe('a plan', () => {
  it('is sound, whatever stands in Range and If-Range', () => {
    const method = fc.constantFrom('GET', 'HEAD');
    const ifRange = fc.option(validator, { nil: undefined });
    fc.assert(
      fc.property(size, rangeText, ifRange, method, (bytes, range, condition, verb) => {
        const headers = { range, ...(condition !== undefined && { 'if-range': condition }) };
        expectSound(plan({ method: verb, size: bytes, headers }), bytes, verb);
      }),
      RUNS,
    );
  });

  it('is sound, whatever stands in all conditional headers at once', () => {
    const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
    const conditions = fc.dictionary(fc.constantFrom(...names, 'if-range'), validator);
    fc.assert(
      fc.property(size, rangeText, conditions, (bytes, range, headers) => {
        expectSound(plan({ size: bytes, headers: { ...headers, range } }), bytes, 'GET');
      }),
      RUNS,
    );
  });

  it('of a strict claim, or of HEAD, does not depend on Range and If-Range', () => {
    fc.assert(
      fc.property(size, rangeText, validator, (bytes, range, condition) => {
        const headers = { range, 'if-range': condition };
        expect(plan({ mod: 'strict', size: bytes, headers })).toEqual(
          plan({ mod: 'strict', size: bytes }),
        );
        expect(plan({ method: 'HEAD', size: bytes, headers })).toEqual(
          plan({ method: 'HEAD', size: bytes }),
        );
      }),
      RUNS,
    );
  });

  it('answers no Range when If-Range is not exactly a validator of the file', () => {
    const stranger = validator.filter((text) => text !== ETAG && !text.startsWith('Sun, 06 Nov'));
    fc.assert(
      fc.property(rangeText, stranger, (range, condition) => {
        expect(plan({ headers: { range, 'if-range': condition } })).toEqual(plan());
      }),
      RUNS,
    );
  });
});

describe('a single range', () => {
  it('is cut to the file exactly, with positions of any length', () => {
    fc.assert(
      fc.property(size, numeral, fc.option(numeral, { nil: '' }), (bytes, from, to) => {
        const [first, last] = [BigInt(from), to === '' ? undefined : BigInt(to)];
        const planned = plan({ size: bytes, headers: { range: `bytes=${from}-${to}` } });
        if (last !== undefined && last < first) expect(summaryOf(planned)).toBe('200');
        else if (first >= bytes && bytes > 0) expect(summaryOf(planned)).toBe(`416 */${bytes}`);
        else if (bytes > 0) {
          const end = last === undefined || last >= bytes ? bytes : Number(last) + 1;
          expect(extentOf(planned)).toEqual([Number(first), end]);
        }
      }),
      RUNS,
    );
  });

  it('from the start and one to the end are the file, neither byte twice nor byte lost', () => {
    const split = fc
      .integer({ min: 2, max: Number.MAX_SAFE_INTEGER })
      .chain((bytes) => fc.tuple(fc.constant(bytes), fc.integer({ min: 1, max: bytes - 1 })));
    fc.assert(
      fc.property(split, ([bytes, at]) => {
        const ask = (set: string) =>
          extentOf(plan({ size: bytes, headers: { range: `bytes=${set}` } }));
        expect(ask(`0-${at - 1}`)).toEqual([0, at]);
        expect(ask(`${at}-`)).toEqual([at, bytes]);
        expect(ask(`-${bytes - at}`)).toEqual([at, bytes]);
        expect(ask(`${at}-${bytes - 1}`)).toEqual([at, bytes]);
      }),
      RUNS,
    );
  });

  it('after the other, each for what is lacking, gives the exact file', () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(content, cuts, (file, takes) => {
        const got: number[] = [];
        for (let i = 0; got.length < file.length; i += 1) {
          const headers = { range: `bytes=${got.length}-`, 'if-range': ETAG };
          const [first = 0, end = 0] = extentOf(plan({ size: file.length, headers })) ?? [];
          expect(first).toBe(got.length);
          // The connection breaks after so many bytes.
          got.push(...file.slice(first, Math.min(end, first + (takes[i % takes.length] ?? 1))));
        }
        expect(got).toEqual([...file]);
        const headers = { range: `bytes=${got.length}-`, 'if-range': ETAG };
        expect(summaryOf(plan({ size: file.length, headers }))).toBe(`416 */${file.length}`);
      }),
    );
  });
});
