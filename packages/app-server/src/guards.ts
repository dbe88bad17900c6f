// Who may pass where: the guards in front of the routes, as lists of middleware. The order in each is the rule, from
// who is asking to what must have been proven.
import type { Context, Next } from 'koa';
import { createKeyGuards } from './api-keys/accept-key.js';
import type { KeyScope } from './api-keys/key-scopes.js';
import { createRequireSecondFactor } from './factors/require-second-factor.js';
import { createRequireProofOfBoth } from './factors/proof-routes.js';
import { createLoadSession } from './sessions/load-session.js';
import { createRequireRecentProof } from './sessions/require-recent-proof.js';
import { requireAccount, requireAdmin } from './sessions/require-session.js';
import { createComeBack } from './sign-in/come-back.js';
import type { IdentityContext } from './context.js';

export function createGuards(context: IdentityContext) {
  // Who may pass. `anybody` is not asked who; `visitor` may be signed in, also to an account that is still
  // without a password.
  const anybody = [neverStored] as const;
  const loadSession = createLoadSession(context);
  // Where somebody is needed, a remembered browser comes back by itself.
  const comeBack = createComeBack(context);
  const keys = createKeyGuards(context, (ctx, next) => loadSession(ctx, () => comeBack(ctx, next)));
  const visitor = [neverStored, keys.refused, loadSession] as const;
  const returning = [...visitor, comeBack] as const;
  const requireSecondFactor = createRequireSecondFactor(context);
  const member = [...returning, requireAccount, requireSecondFactor] as const;
  const admin = [...returning, requireAdmin, requireSecondFactor] as const;
  const byKey = (scope: KeyScope) =>
    [neverStored, keys.allowed(scope), requireAccount, requireSecondFactor] as const;
  // For what would do harm in a stranger's hands: it must have been proven lately who is sitting there.
  const proven = createRequireRecentProof(context);
  const provenBoth = createRequireProofOfBoth(context, proven);
  // Who must have a second factor sets it up before anything else: only its routes do without one.
  const owner = [...returning, requireAccount] as const;
  const provenOwner = [...owner, proven] as const;
  return {
    anybody,
    visitor,
    returning,
    member,
    admin,
    byKey,
    proven,
    provenBoth,
    owner,
    provenOwner,
  };
}

/** Everything behind a session is somebody's own: no cache may keep it. */
async function neverStored(ctx: Context, next: Next): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  await next();
}
