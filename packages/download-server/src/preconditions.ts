// Conditional requests (RFC 9110 section 13). Pure: header values in, a verdict out. If-Range stands apart,
// since it decides not whether to answer but with how much, and only after all the others.
import { parseHttpDate } from './http-date.js';

/** The request headers this file reads, as Node names and joins them. */
export interface ConditionalHeaders {
  'if-match'?: string | undefined;
  'if-none-match'?: string | undefined;
  'if-modified-since'?: string | undefined;
  'if-unmodified-since'?: string | undefined;
}

export interface Validators {
  /** Strong entity tag, with its quotes. */
  etag: string;
  /** Unix milliseconds, whole seconds. */
  lastModifiedMs: number;
  /** Whether equal dates prove equal bytes (RFC 9110 section 8.8.2.2). */
  lastModifiedIsStrong: boolean;
}

/** `failed` is 412, `unchanged` is 304. */
export type Verdict = 'go-on' | 'failed' | 'unchanged';

/** RFC 9110 section 8.8.3. Anything between the tags is skipped, so a broken list matches less. */
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** Evaluates the preconditions of a GET or HEAD in the order of section 13.2.2, steps 1 to 4. */
export function evaluatePreconditions(
  headers: ConditionalHeaders,
  { etag, lastModifiedMs }: Omit<Validators, 'lastModifiedIsStrong'>,
  nowMs: number,
): Verdict {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    // Strong comparison: a weak tag never matches (section 8.8.3.2).
    if (ifMatch.trim() !== '*' && !tagsOf(ifMatch).includes(etag)) return 'failed';
  } else {
    const since = instantOf(headers['if-unmodified-since'], nowMs);
    if (since !== undefined && lastModifiedMs > since) return 'failed';
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    // Weak comparison.
    const matches =
      ifNoneMatch.trim() === '*' ||
      tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
    return matches ? 'unchanged' : 'go-on';
  }
  const since = instantOf(headers['if-modified-since'], nowMs);
  return since !== undefined && lastModifiedMs <= since ? 'unchanged' : 'go-on';
}

/**
 * Whether the part that a client holds is of the file as it is now, so that Range may be answered: step 5
 * of section 13.2.2. True without If-Range. A weak tag never is (13.1.5), nor a date that is merely later, or
 * that cannot tell two versions of one second apart; whatever is neither tag nor date is not our validator.
 */
export function isCurrentForRange(
  ifRange: string | undefined,
  { etag, lastModifiedMs, lastModifiedIsStrong }: Validators,
  nowMs: number,
): boolean {
  if (ifRange === undefined || ifRange === etag) return true;
  return lastModifiedIsStrong && parseHttpDate(ifRange, nowMs) === lastModifiedMs;
}

function tagsOf(list: string): string[] {
  return list.match(ENTITY_TAG) ?? [];
}

/** A value that is no date is ignored (sections 13.1.3 and 13.1.4). */
function instantOf(value: string | undefined, nowMs: number): number | undefined {
  return value === undefined ? undefined : parseHttpDate(value.trim(), nowMs);
}
