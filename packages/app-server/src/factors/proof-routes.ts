// Proving by passkey, within a session, who is sitting there. It is finger, face or PIN and the device at once.
import type { Context, Next } from 'koa';
import type { IdentityContext } from '../context.js';
import { readJson } from '../http/read-body.js';
import { completeProof } from '../sessions/prove-anew.js';
import { viewerOf } from '../sessions/require-session.js';
import { checkPasskey } from './check-passkey.js';
import { passkeyAnswerInput } from './input.js';
import type { ChallengeUse } from './passkey-challenges.js';
import { requestOptions } from './passkey-options.js';
import { hasSecondFactor, readFactors } from './read-factors.js';

export function createFactorProofRoutes(context: IdentityContext) {
  return {
    /** `POST /api/session/proof/passkey/options`: what `navigator.credentials.get` takes, as JSON. */
    apiPasskeyOptions: async (ctx: Context) => {
      ctx.body = await requestOptions(context, useOf(ctx), viewerOf(ctx).account.id);
    },
    /** `POST /api/session/proof/passkey {response}` 204 and a new session cookie. */
    apiProve: async (ctx: Context) => {
      const { response } = await readJson(ctx, passkeyAnswerInput);
      const { id } = viewerOf(ctx).account;
      const by = { actorId: id, address: ctx.ip };
      await checkPasskey(context, { response, ...useOf(ctx), accountId: id, by });
      await completeProof(ctx, context, 'passkey');
      ctx.status = 204;
    },
  };
}

/**
 * Guard: a recent proof, but only of accounts that have a second factor. In front of what asks for the
 * password anyway, which is then half of the proof.
 */
export function createRequireProofOfBoth(
  { db }: Pick<IdentityContext, 'db'>,
  requireRecentProof: (ctx: Context, next: Next) => Promise<void>,
) {
  return async function requireProofOfBoth(ctx: Context, next: Next): Promise<void> {
    if (hasSecondFactor(await readFactors(db, viewerOf(ctx).account.id))) {
      await requireRecentProof(ctx, next);
    } else await next();
  };
}

function useOf(ctx: Context): ChallengeUse {
  return { purpose: 'proof', boundTo: `session:${viewerOf(ctx).sessionReference}` };
}
