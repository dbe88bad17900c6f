// Where this server requires second factors (`REQUIRE_SECOND_FACTOR`): who has none may set one up, sign out
// and nothing else. Read anew at each request, like the role that it depends on.
import type { Context, Next } from 'koa';
import type { AppConfig } from '../config.js';
import type { IdentityContext } from '../context.js';
import type { Role } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { viewerOf } from '../sessions/require-session.js';
import { sessionOf } from '../sessions/load-session.js';
import { hasSecondFactor, readFactors } from './read-factors.js';
import { bringsItsOwnFactors } from './when-asked.js';

/** Middleware behind `requireAccount`. Refuses with `second-factor-required`; pages lead to the set-up. */
export function createRequireSecondFactor({ config, db }: Pick<IdentityContext, 'config' | 'db'>) {
  return async function requireSecondFactor(ctx: Context, next: Next): Promise<void> {
    const { account } = viewerOf(ctx);
    if (isSecondFactorRequired(config, account.role)) {
      const session = sessionOf(ctx);
      const exempt = session !== undefined && bringsItsOwnFactors(session.method);
      if (!exempt && !hasSecondFactor(await readFactors(db, account.id))) {
        throw new Refused('second-factor-required');
      }
    }
    await next();
  };
}

export function isSecondFactorRequired(
  { requireSecondFactor }: Pick<AppConfig, 'requireSecondFactor'>,
  role: Role,
): boolean {
  return requireSecondFactor === 'all' || (requireSecondFactor === 'admins' && role === 'admin');
}
