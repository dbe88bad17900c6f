// Step 4: which answer this request would get, as data. Pure, no I/O and no clock, so that everything that
// HTTP can refuse is refused before the burn. Range comes in here (a claim of mode `resumable`).
import type { IncomingHttpHeaders } from 'node:http';
import type { ClaimedFile } from '@claimcheck/shared/claim';
import { contentDisposition } from './content-disposition.js';
import { formatHttpDate } from './http-date.js';
import { evaluatePreconditions } from './preconditions.js';
import type { Refusal } from './problems.js';

export interface PlannedResponse {
  status: 200 | 304;
  headers: Readonly<Record<string, string>>;
  /** The bytes to send, or undefined when the answer carries none of the file: then nothing burns. */
  body: ByteRange | undefined;
}

export interface ByteRange {
  firstByte: number;
  length: number;
}

/** What is asked, of what. */
export interface PlanInput {
  method: string;
  headers: IncomingHttpHeaders;
  /** The claim's word on the file, which the opened file has been compared with. */
  claimed: ClaimedFile;
  /** Size in bytes and modification time (Unix milliseconds) of the opened file. */
  file: { size: number; modifiedAtMs: number };
  nowMs: number;
}

export type Plan =
  PlannedResponse | { refusal: Extract<Refusal, 'not-in-advance' | 'precondition-failed'> };

/** Plans the whole file for a strict claim; Range is ignored, as RFC 9110 section 14.2 allows. */
export function planResponse({ method, headers, claimed, file, nowMs }: PlanInput): Plan {
  // Never later than now (RFC 9110 section 8.8.2.1).
  const lastModifiedMs = wholeSeconds(Math.min(file.modifiedAtMs, nowMs));
  const validators = { etag: `"${claimed.etag}"`, lastModifiedMs };
  const verdict = evaluatePreconditions(headers, validators, nowMs);
  if (verdict === 'failed') return { refusal: 'precondition-failed' };
  const always = {
    ETag: validators.etag,
    'Last-Modified': formatHttpDate(lastModifiedMs),
    // no-transform: a proxy that compressed would drop the length, and with it the proof of being whole.
    'Cache-Control': 'no-store, no-transform',
  };
  if (verdict === 'unchanged') return { status: 304, headers: always, body: undefined };
  if (method !== 'HEAD' && isPrefetch(headers)) return { refusal: 'not-in-advance' };
  return {
    status: 200,
    headers: { ...always, ...fileHeaders(claimed, file.size) },
    body: method === 'HEAD' ? undefined : { firstByte: 0, length: file.size },
  };
}

function fileHeaders(claimed: ClaimedFile, length: number): Record<string, string> {
  return {
    'Content-Type': claimed.type,
    'Content-Length': String(length),
    'Content-Disposition': contentDisposition(claimed.name),
    // A strict claim has one response: a second request for the rest would be refused.
    'Accept-Ranges': 'none',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    // Should a browser ever show the file instead of saving it, it can do nothing there.
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}

/** A browser or proxy that fetches in case somebody clicks: nobody has asked for the file yet. */
function isPrefetch(headers: IncomingHttpHeaders): boolean {
  return [headers['sec-purpose'], headers['purpose'], headers['x-purpose'], headers['x-moz']].some(
    (value) => /\b(?:prefetch|prerender|preview)\b/i.test(String(value ?? '')),
  );
}

function wholeSeconds(unixMs: number): number {
  return Math.floor(unixMs / 1000) * 1000;
}
