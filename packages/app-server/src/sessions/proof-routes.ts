// Proving anew over HTTP: the page that dangerous actions send to, and what the API has for it.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { hasSecondFactor, kindsOf, readFactors } from '../factors/read-factors.js';
import { assetsOf } from '../http/assets.js';
import { localPath } from '../http/local-path.js';
import { pageRefusal } from '../http/page-refusal.js';
import { readForm, readJson } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { typedText } from '../http/typed-text.js';
import { renderConfirmIdentity } from '../pages/index.js';
import { proofForm, proofInput } from './input.js';
import { proveByPassword } from './prove-anew.js';
import { viewerOf } from './require-session.js';
import { waysToProve } from './ways-to-prove.js';

export function createProofRoutes(context: IdentityContext) {
  async function show(ctx: Context, next: string | undefined, error?: string): Promise<void> {
    const { account } = viewerOf(ctx);
    const factors = await readFactors(context.db, account.id);
    const takesCode = kindsOf(factors).some((kind) => kind !== 'passkey');
    ctx.body = renderConfirmIdentity({
      assets: assetsOf(ctx),
      viewer: account,
      next,
      // Without any code to go with it, the password of an account with a second factor proves nothing.
      takesPassword: account.password_hash !== null && (takesCode || !hasSecondFactor(factors)),
      takesCode: hasSecondFactor(factors) && takesCode,
      takesPasskey: factors.passkeys > 0,
      ways: await waysToProve(context, account, next),
      error,
    });
  }

  return {
    /** `POST /api/session/proof {password, code?}` 204 and a new session cookie. */
    apiProve: async (ctx: Context) => {
      await proveByPassword(ctx, context, await readJson(ctx, proofInput));
      ctx.status = 204;
    },
    /** `GET /confirm-identity?next=PATH`. */
    pageProve: (ctx: Context) => show(ctx, localPath(ctx.query['next'])),
    pageProvePost: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () =>
        proveByPassword(ctx, context, await readForm(ctx, proofForm)),
      );
      const next = localPath(typedText(ctx, 'next'));
      if (error === undefined) redirectTo(ctx, next ?? '/account');
      else await show(ctx, next, error);
    },
  };
}
