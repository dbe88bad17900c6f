// The identity provider over HTTP. Leaving for it to sign in is a link; to connect it is a form, since a
// foreign page that could begin that might connect somebody else's identity.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { localPath } from '../http/local-path.js';
import { redirectTo } from '../http/redirect-to.js';
import { renderLeaving } from '../pages/index.js';
import { sessionOf } from '../sessions/load-session.js';
import { viewerOf } from '../sessions/require-session.js';
import { federationOf, leaveForProvider, returnFromProvider } from './sign-in-by-provider.js';

export function createProviderRoutes(context: IdentityContext) {
  return {
    /** `GET /sign-in/provider?next=PATH`: to the provider. */
    pageLeave: async (ctx: Context) => {
      const next = localPath(ctx.query['next']);
      if (sessionOf(ctx)) return redirectTo(ctx, next ?? '/files');
      const wish = { purpose: 'sign-in', accountId: null, next: next ?? null } as const;
      redirectTo(ctx, await leaveForProvider(ctx, context, wish));
    },
    /** `GET /sign-in/provider/prove?next=PATH`: to the provider, which asks for credentials anew. */
    pageProve: async (ctx: Context) => {
      const { id: accountId } = viewerOf(ctx).account;
      const wish = {
        purpose: 'prove',
        accountId,
        next: localPath(ctx.query['next']) ?? null,
      } as const;
      redirectTo(ctx, await leaveForProvider(ctx, context, wish));
    },
    /** `GET /sign-in/provider/callback`: back from it. */
    pageReturn: async (ctx: Context) => {
      // What the address holds is of no use any more, and still nobody's business.
      ctx.set('Referrer-Policy', 'no-referrer');
      redirectTo(ctx, await returnFromProvider(ctx, context));
    },
    /**
     * `POST /account/identities/provider`. Not answered by a redirect: to browsers the provider would be
     * where a form goes to, which our policy forbids.
     */
    pageConnect: async (ctx: Context) => {
      const { account } = viewerOf(ctx);
      const wish = { purpose: 'connect', accountId: account.id, next: null } as const;
      const href = await leaveForProvider(ctx, context, wish);
      ctx.set('Refresh', `0; url=${href}`);
      ctx.body = renderLeaving({
        assets: assetsOf(ctx),
        viewer: account,
        name: federationOf(context).provider.name,
        href,
      });
    },
    /** `GET /sign-out/provider`: to the provider's own sign-out, which asks before it does anything. */
    pageSignOut: async (ctx: Context) => {
      const { appOrigin } = context.config;
      const url = await federationOf(context).provider.signOutUrl(`${appOrigin}/sign-in`);
      redirectTo(ctx, url?.href ?? '/sign-in');
    },
  };
}
