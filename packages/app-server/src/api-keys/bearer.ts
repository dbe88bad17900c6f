// Where a request brings an API key: `Authorization: Bearer …` (RFC 6750 section 2.1), on `/api/` alone. Never in
// an address, where it would reach histories and logs. While one is there, no cookie is looked at: a request
// speaks for a key or for a session, never for both.
import type { Context } from 'koa';

/** The scheme's name is case-insensitive (RFC 9110 section 11.1); what follows need not be a key of ours. */
const BEARER = /^bearer(?: +(.*))?$/i;

/** What the request presents as its key, also when that cannot be one; undefined when it presents none. */
export function bearerOf(ctx: Context): string | undefined {
  if (!ctx.path.startsWith('/api/')) return undefined;
  const match = BEARER.exec(ctx.get('Authorization'));
  return match === null ? undefined : (match[1] ?? '').trim();
}

/** Whether the request speaks for a key, right or wrong. */
export function bringsKey(ctx: Context): boolean {
  return bearerOf(ctx) !== undefined;
}
