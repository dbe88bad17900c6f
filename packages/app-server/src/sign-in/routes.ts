// Signing in and out over HTTP: the API and the pages call the same functions and set the same
// cookies.
import type { Context } from 'koa';
import { linkInput, signInForm, signInInput, welcomeInput } from '../accounts/input.js';
import { completeAccount } from '../accounts/own-account.js';
import { actorOf } from '../audit/actor-of.js';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { localPath } from '../http/local-path.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { signOutElsewhere, waysElsewhere } from '../identities/ways-elsewhere.js';
import { pageRefusal } from '../http/page-refusal.js';
import { readForm, readJson } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { typedText } from '../http/typed-text.js';
import { renderSignIn, renderSignInLink, renderWelcome } from '../pages/index.js';
import { sessionOf } from '../sessions/load-session.js';
import { isComplete, viewerOf } from '../sessions/require-session.js';
import { clearSessionCookie, DEVICE_COOKIE, readIdCookie } from '../sessions/session-cookie.js';
import { endWithBrowser } from '../sessions/end-sessions.js';
import { clearRememberCookie } from '../sessions/remember-cookie.js';
import { checkCredentials, type Credentials } from './check-credentials.js';
import { answerSignIn, goOnAfterSignIn } from './answer-sign-in.js';
import { completeSignIn, type SignInOutcome } from './complete-sign-in.js';
import { forgetThisBrowser } from './forget-this-browser.js';
import { createSignInLinkBurn } from './sign-in-link.js';

export function createSignInRoutes(context: IdentityContext) {
  const burnSignInLink = createSignInLinkBurn(context);
  const elsewhere = (next: string | undefined) => waysElsewhere(context, next);

  async function enter(
    ctx: Context,
    credentials: Credentials,
    remember = false,
  ): Promise<SignInOutcome> {
    const deviceId = readIdCookie(ctx, DEVICE_COOKIE);
    const proving = checkCredentials(context, credentials, { address: ctx.ip, deviceId });
    const signingIn = proving.then((account) =>
      completeSignIn(ctx, context, { account, method: 'password', remember }),
    );
    return await context.metrics.signingIn('password', signingIn);
  }

  async function enterByLink(ctx: Context, token: string): Promise<void> {
    const signingIn = burnSignInLink(token).then((account) =>
      completeSignIn(ctx, context, { account, method: 'first-run-link' }),
    );
    await context.metrics.signingIn('link', signingIn);
  }

  /** The account has other credentials now, so its session gets another id. */
  async function complete(ctx: Context, chosen: Credentials): Promise<void> {
    const account = await completeAccount(context, viewerOf(ctx), chosen, actorOf(ctx));
    await completeSignIn(ctx, context, { account, method: 'password' });
  }

  async function leave(ctx: Context): Promise<void> {
    const session = sessionOf(ctx);
    if (session) {
      const { accountId: actorId } = session;
      const by = { actorId, address: ctx.ip, reason: 'signed-out', onlyUnburned: true } as const;
      await endWithBrowser(context, session, by);
    }
    await forgetThisBrowser(ctx, context);
    clearSessionCookie(ctx);
    clearRememberCookie(ctx);
  }

  return {
    /** `POST /api/session {email, password, remember?}` 204; 202 where a second factor is needed. */
    apiSignIn: async (ctx: Context) => {
      const input = await readJson(ctx, signInInput);
      answerSignIn(ctx, await enter(ctx, input, input.remember));
    },
    /** `POST /api/session/link {token}` 204: what the link's button does. */
    apiSignInByLink: async (ctx: Context) => {
      await enterByLink(ctx, (await readJson(ctx, linkInput)).token);
      ctx.status = 204;
    },
    /** `PUT /api/account/welcome {email, password}` 204, once, after signing in by link. */
    apiWelcome: async (ctx: Context) => {
      viewerOf(ctx);
      await complete(ctx, await readJson(ctx, welcomeInput));
      ctx.status = 204;
    },
    /** `DELETE /api/session` 204. */
    apiSignOut: async (ctx: Context) => {
      await leave(ctx);
      ctx.status = 204;
    },

    pageSignIn: (ctx: Context) => {
      const next = localPath(ctx.query['next']);
      if (sessionOf(ctx)) redirectTo(ctx, next ?? '/files');
      else {
        const notice = noticeOf(ctx);
        ctx.body = renderSignIn({
          assets: assetsOf(ctx),
          mailedLinks: context.config.mailedLinks,
          next,
          notice,
          elsewhere: elsewhere(next),
          signOutElsewhere:
            ctx.query['done'] === 'signed-out' ? signOutElsewhere(context) : undefined,
        });
      }
    },
    pageSignInPost: async (ctx: Context) => {
      const form = await readForm(ctx, signInForm);
      const next = localPath(form.next);
      const refusal = await pageRefusal(ctx, async () => {
        goOnAfterSignIn(ctx, await enter(ctx, form, form.remember), next);
      });
      if (refusal !== undefined) {
        const { email, remember } = form;
        ctx.body = renderSignIn({
          assets: assetsOf(ctx),
          mailedLinks: context.config.mailedLinks,
          email,
          remember,
          next,
          error: refusal,
          elsewhere: elsewhere(next),
        });
      }
    },
    /** Burns nothing: whatever opens links by itself (mail scanners, previews) gets a button. */
    pageLink: (ctx: Context) => {
      ctx.body = renderSignInLink({ assets: assetsOf(ctx), action: ctx.path });
    },
    pageLinkPost: async (ctx: Context) => {
      await enterByLink(ctx, String((ctx['params'] as Record<string, string>)['token']));
      redirectTo(ctx, '/welcome');
    },
    pageWelcome: (ctx: Context) => {
      if (isComplete(viewerOf(ctx))) redirectTo(ctx, '/files');
      else ctx.body = renderWelcome({ assets: assetsOf(ctx) });
    },
    pageWelcomePost: async (ctx: Context) => {
      viewerOf(ctx);
      const refusal = await pageRefusal(ctx, async () =>
        complete(ctx, await readForm(ctx, welcomeInput)),
      );
      if (refusal === undefined) redirectTo(ctx, '/files');
      else {
        const email = typedText(ctx, 'email');
        ctx.body = renderWelcome({ assets: assetsOf(ctx), email, error: refusal });
      }
    },
    pageSignOut: async (ctx: Context) => {
      await leave(ctx);
      redirectDone(ctx, '/sign-in', 'signed-out');
    },
  };
}
