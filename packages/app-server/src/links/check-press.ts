// Was this form sent by somebody who pressed its button? Pure, on headers and fields. What it is good
// for: programs that open links in mail and post the forms they find. What it does not stop is in
// docs/links.md: a program that drives a real browser as a person would.
import { timingSafeEqual } from 'node:crypto';
import type { KeyedDigest } from './link-secret.js';

/** A person reads before pressing; a program that follows forms does not wait. Milliseconds. */
export const LEAST_VIEW_MS = 1000;

/** A page older than this is shown again: its words may no longer be true. Milliseconds. */
export const LONGEST_VIEW_MS = 24 * 60 * 60 * 1000;

/** The value that only the pressed button sends: a form serialised by a program lacks it. */
export const BUTTON = { name: 'press', value: 'download' } as const;

export interface PressSource {
  /** The fields of the form. */
  view: string | undefined;
  press: string | undefined;
  /** Request headers, empty when missing. */
  fetchMode: string;
  fetchUser: string;
  /** `Sec-CH-UA`: sent by Chromium's family, over https and on localhost. */
  clientHints: string;
  /** `Sec-Purpose` or `Purpose`. */
  purpose: string;
}

/** Why a form is not taken for a press; the page is shown again then, with its button. */
export type HeldBack = 'prefetch' | 'no-button' | 'no-user' | 'no-view' | 'too-early' | 'too-late';

/** The value that a page carries in its form: when it was made, and for which link. */
export function stampView(digest: KeyedDigest, linkId: string, nowMs: number): string {
  const at = nowMs.toString(36);
  return `${at}.${sealOf(digest, linkId, at)}`;
}

/**
 * Undefined when the form was sent by a press. The server's clock alone counts, so the browser's may
 * be wrong. `Sec-Fetch-User` is sent for a person's act only (Fetch Metadata, section 2.4); Safari
 * never sends it, so its absence tells only where Chromium's client hints are there. With it the page
 * need not be a second old.
 */
export function checkPress(
  source: PressSource,
  { digest, linkId, nowMs }: { digest: KeyedDigest; linkId: string; nowMs: number },
): HeldBack | undefined {
  const { fetchMode, fetchUser, clientHints } = source;
  if (/prefetch|prerender|preview/i.test(source.purpose)) return 'prefetch';
  if (source.press !== BUTTON.value) return 'no-button';
  const byUser = fetchUser === '?1';
  if (!byUser && fetchMode !== '' && clientHints !== '') return 'no-user';
  const madeAtMs = readView(digest, linkId, source.view);
  if (madeAtMs === undefined) return 'no-view';
  if (nowMs - madeAtMs > LONGEST_VIEW_MS) return 'too-late';
  return !byUser && nowMs - madeAtMs < LEAST_VIEW_MS ? 'too-early' : undefined;
}

function readView(digest: KeyedDigest, linkId: string, view: string | undefined) {
  const [, at = '', seal = ''] = /^([0-9a-z]{1,11})\.([0-9a-f]{32})$/.exec(view ?? '') ?? [];
  if (at === '') return undefined;
  const matches = timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(digest, linkId, at)));
  return matches ? Number.parseInt(at, 36) : undefined;
}

function sealOf(digest: KeyedDigest, linkId: string, at: string): string {
  return digest('page-view', linkId, at).slice(0, 32);
}
