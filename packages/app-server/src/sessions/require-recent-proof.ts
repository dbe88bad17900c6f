// The guard in front of dangerous actions: it must have been proven lately, in this very session, who is
// sitting there. A session left open in a library, or a stolen cookie, must not be enough for them.
import type { Context, Next } from 'koa';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { currentSession } from './current-session.js';

/** How long a proof counts, in milliseconds. */
export const PROOF_COUNTS_MS = 10 * 60_000;

/** Middleware behind `requireAccount`. Refuses with `proof-needed`. */
export function createRequireRecentProof({ now }: Pick<IdentityContext, 'now'>) {
  return async function requireRecentProof(ctx: Context, next: Next): Promise<void> {
    const ageMs = now() - currentSession(ctx).provenAtMs;
    // A clock that was stepped back makes no proof younger.
    if (ageMs < 0 || ageMs > PROOF_COUNTS_MS) throw new Refused('proof-needed');
    await next();
  };
}
