// Which planned responses a front server can give exactly as planned, and how it is told where the file is.
// Pure. A front server looks at the request's conditions and Range once more when it sends a file, so only
// what it cannot judge otherwise than we did is left to it; the rest is sent from here.
import type { IncomingHttpHeaders } from 'node:http';
import type { DownloadClaim } from '@claimcheck/shared/claim';
import type { OffloadMode, OffloadSettings } from './offload-settings.js';
import type { PlannedResponse } from './plan-response.js';

/**
 * nginx fails If-Match where it has no tag of its own, lets If-Unmodified-Since decide beside it, and takes what is
 * no date for a failure; lighttpd answers 304 where we would not. Clients that fetch a file send none of these.
 */
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];

/** What every server reads alike: one range, digits that fit into 64 bits, nothing around it. */
const PLAIN_RANGE = /^bytes=(?:\d{1,15}-\d{0,15}|-\d{1,15})$/;

export interface OffloadQuestion {
  headers: IncomingHttpHeaders;
  plan: PlannedResponse;
  claim: Pick<DownloadClaim, 'mod'>;
}

/** Whether the front server's answer to this request would be the planned one. */
export function canOffload(
  { mode, fromBytes }: Pick<OffloadSettings, 'mode' | 'fromBytes'>,
  { headers, plan, claim }: OffloadQuestion,
): boolean {
  if (plan.body === undefined || plan.body.length < fromBytes) return false;
  if (CONDITIONS.some((name) => headers[name] !== undefined)) return false;
  // Nothing comes back of what such a server has sent, so only what is never paid for is left to it.
  if (mode === 'x-sendfile') return claim.mod === 'strict' && headers.range === undefined;
  // For a whole file nginx is sent to a location that ignores Range; If-Range means nothing without.
  if (plan.status === 200) return true;
  const ifRange = headers['if-range']?.toString();
  return (
    PLAIN_RANGE.test(headers.range ?? '') &&
    (ifRange === undefined ||
      ifRange === plan.headers['ETag'] ||
      ifRange === plan.headers['Last-Modified'])
  );
}

/**
 * The header that tells the front server what to send. Each segment is percent-encoded, which all three servers
 * undo once: a storage key is always a path below the prefix, whatever characters it is made of.
 */
export function offloadHeader(
  { mode, prefix }: { mode: OffloadMode; prefix: string },
  key: string,
  { status }: Pick<PlannedResponse, 'status'>,
): Record<string, string> {
  if (mode === 'x-sendfile') return { 'X-Sendfile': encode(`${prefix}${key}`) };
  const location = status === 206 ? 'part/' : 'whole/';
  return { 'X-Accel-Redirect': encode(`${prefix}${location}${key}`) };
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
