// Proving anew over HTTP: the page that dangerous actions send to, and what the API has for it.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
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
    ctx.body = renderConfirmIdentity({
      assets: assetsOf(ctx),
      viewer: account,
      next,
      takesPassword: account.password_hash !== null,
      ways: await waysToProve(context, account, next),
      error,
    });
  }

  return {
    /** `POST /api/session/proof {password}` 204 and a new session cookie. */
    apiProve: async (ctx: Context) => {
      await proveByPassword(ctx, context, (await readJson(ctx, proofInput)).password);
      ctx.status = 204;
    },
    /** `GET /confirm-identity?next=PATH`. */
    pageProve: (ctx: Context) => show(ctx, localPath(ctx.query['next'])),
    pageProvePost: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () =>
        proveByPassword(ctx, context, (await readForm(ctx, proofForm)).password),
      );
      const next = localPath(typedText(ctx, 'next'));
      if (error === undefined) redirectTo(ctx, next ?? '/account');
      else await show(ctx, next, error);
    },
  };
}
