// Cross-site request forgery: an unsafe request must come from a page of ours. Browsers say where it
// comes from in `Sec-Fetch-Site`, or at least in `Origin`; programs send neither, or `Origin` as told.
import type { Context, Next } from 'koa';
import { Refused } from './problems.js';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export interface RequestSource {
  method: string;
  /** Empty when the header is missing, like `origin`. */
  fetchSite: string;
  origin: string;
  bringsSession: boolean;
}

/**
 * True when the request may change something. Pure. Without both headers it may only when there is
 * no session that a foreign page could be riding on. (Fetch Metadata, W3C; RFC 6454 section 7.)
 */
export function isFromOwnPage(source: RequestSource, appOrigin: string): boolean {
  const { method, fetchSite, origin, bringsSession } = source;
  if (SAFE_METHODS.has(method)) return true;
  if (fetchSite === '' && origin === '') return !bringsSession;
  return fetchSite === 'same-origin' || origin === appOrigin;
}

/**
 * Middleware, before anything reads the body. What brings a key of its own is let pass: no browser adds one by
 * itself, and while it is there no cookie is looked at.
 */
export function refuseCrossSite(
  appOrigin: string,
  bringsSession: (ctx: Context) => boolean,
  bringsKey: (ctx: Context) => boolean,
) {
  return async function checkSource(ctx: Context, next: Next): Promise<void> {
    if (bringsKey(ctx)) return await next();
    const source = {
      method: ctx.method,
      fetchSite: ctx.get('Sec-Fetch-Site'),
      origin: ctx.get('Origin'),
      bringsSession: bringsSession(ctx),
    };
    if (!isFromOwnPage(source, appOrigin)) throw new Refused('cross-site');
    await next();
  };
}
