// Step 4: which answer this request would get, as data. Pure, no I/O and no clock, so that everything that
// HTTP can refuse is refused before the burn. Only a plan with a `body` may burn or spend anything.
import type { IncomingHttpHeaders } from 'node:http';
import {
  CLOCK_TOLERANCE_SECONDS,
  etagOf,
  secondsOf,
  type DownloadClaim,
} from '@claimcheck/shared/claim';
import { contentDisposition } from './content-disposition.js';
import { formatHttpDate } from './http-date.js';
import { selectRange, type ByteRange, type SelectedRange } from './parse-range.js';
import { evaluatePreconditions, isCurrentForRange, type Validators } from './preconditions.js';
import type { Refusal } from './problems.js';
import { reprDigestOf } from './repr-digest.js';

/** no-transform: a proxy that compressed would drop the length, and with it the proof of being whole. */
const CACHE_CONTROL = 'no-store, no-transform';

const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const;
const PREFETCH = /\b(?:prefetch|prerender|preview)\b/i;

type Headers = Readonly<Record<string, string>>;

export interface PlannedResponse {
  status: 200 | 206 | 304;
  headers: Headers;
  /** The bytes to send, or undefined when the answer carries none of the file: then nothing burns. */
  body: ByteRange | undefined;
}

/** A refusal that HTTP asks for, with the headers that belong to it. Nothing burns. */
export interface PlannedRefusal {
  refusal: Extract<Refusal, 'not-in-advance' | 'precondition-failed' | 'range-not-satisfiable'>;
  headers: Headers;
}

export type Plan = PlannedResponse | PlannedRefusal;

/** What is asked, of what. */
export interface PlanInput {
  method: string;
  headers: IncomingHttpHeaders;
  /** The claim's word on the file, which the opened file has been compared with, and on ranges. */
  claim: Pick<DownloadClaim, 'fil' | 'mod' | 'iat'>;
  /** Size in bytes and modification time (Unix milliseconds) of the opened file. */
  file: { size: number; modifiedAtMs: number };
  nowMs: number;
}

/** Plans the answer to a GET or HEAD, in the order of RFC 9110 section 13.2. */
export function planResponse({ method, headers, claim, file, nowMs }: PlanInput): Plan {
  // First, since it is no 2xx: preconditions are for what would otherwise succeed (section 13.2.1).
  if (method !== 'HEAD' && isPrefetch(headers)) return { refusal: 'not-in-advance', headers: {} };
  const validators = validatorsOf(claim, file, nowMs);
  const verdict = evaluatePreconditions(headers, validators, nowMs);
  if (verdict === 'failed') return { refusal: 'precondition-failed', headers: {} };
  if (verdict === 'unchanged') {
    // Without Last-Modified and Repr-Digest: the tag says it all (section 15.4.5).
    const unchanged = { ETag: validators.etag, 'Cache-Control': CACHE_CONTROL };
    return { status: 304, headers: unchanged, body: undefined };
  }

  // A strict claim has one response: a request for the rest would be refused, so there are no parts.
  const takesRanges = claim.mod === 'resumable';
  const selected =
    takesRanges && isCurrentForRange(headers['if-range']?.toString(), validators, nowMs)
      ? askedRange(method, headers, file.size)
      : 'whole';
  const acceptRanges = takesRanges ? 'bytes' : 'none';
  if (selected === 'unsatisfiable') {
    const told = { 'Accept-Ranges': acceptRanges, 'Content-Range': `bytes */${file.size}` };
    return { refusal: 'range-not-satisfiable', headers: told };
  }
  const isPart = selected !== 'whole';
  const body = isPart ? selected : { firstByte: 0, length: file.size };
  const { type, name } = claim.fil;
  // One literal: an object that is put together from others costs several times as much. The same on 200 and 206,
  // with and without If-Range. Section 15.3.7 would have a 206 to an If-Range leave out type and date, but Chromium
  // then takes the missing date for a change and starts all over.
  const answered: Record<string, string> = {
    ETag: validators.etag,
    'Cache-Control': CACHE_CONTROL,
    'Last-Modified': formatHttpDate(validators.lastModifiedMs),
    'Accept-Ranges': acceptRanges,
    'Content-Length': String(body.length),
    'Content-Type': type,
    'Content-Disposition': contentDisposition(name),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    // Should a browser ever show the file instead of saving it, it can do nothing there.
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
  // Of the whole file, whichever part of it goes out (RFC 9530 section 3).
  if ('sha256' in claim.fil) answered['Repr-Digest'] = reprDigestOf(claim.fil.sha256);
  if (isPart) {
    const last = body.firstByte + body.length - 1;
    answered['Content-Range'] = `bytes ${body.firstByte}-${last}/${file.size}`;
  }
  return {
    status: isPart ? 206 : 200,
    headers: answered,
    body: method === 'GET' ? body : undefined,
  };
}

/** Range is defined for GET alone (section 14.2); HEAD tells of the whole file. */
function askedRange(method: string, headers: IncomingHttpHeaders, size: number): SelectedRange {
  if (method !== 'GET' || headers.range === undefined) return 'whole';
  return selectRange(headers.range, size);
}

function validatorsOf(
  claim: PlanInput['claim'],
  { modifiedAtMs }: PlanInput['file'],
  nowMs: number,
): Validators {
  // Never later than now (section 8.8.2.1).
  const lastModifiedMs = wholeSeconds(Math.min(modifiedAtMs, nowMs));
  // Strong by section 8.8.2.2 when the second it names was over before the claim was minted: all that was
  // ever sent for the claim was read later, and what was changed later bears another date. The tolerance
  // is for the clocks of the machines, and for file systems that stamp every other second.
  const overMs = lastModifiedMs + 1000 + CLOCK_TOLERANCE_SECONDS * 1000;
  const lastModifiedIsStrong = overMs <= secondsOf(claim.iat) * 1000;
  return { etag: `"${etagOf(claim.fil)}"`, lastModifiedMs, lastModifiedIsStrong };
}

/** A browser or proxy that fetches in case somebody clicks: nobody has asked for the file yet. */
function isPrefetch(headers: IncomingHttpHeaders): boolean {
  return PURPOSE_HEADERS.some((name) => {
    const value = headers[name];
    return value !== undefined && PREFETCH.test(String(value));
  });
}

function wholeSeconds(unixMs: number): number {
  return Math.floor(unixMs / 1000) * 1000;
}
