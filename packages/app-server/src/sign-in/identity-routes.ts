// Mailed links over HTTP: asking for one, and pressing its button. Reading a link's page changes nothing,
// so whatever opens links by itself (mail scanners, previews) uses nothing up.
import type { Context } from 'koa';
import {
  choosePasswordInput,
  handleAndPasswordInput,
  handleInput,
  linkRequestInput,
} from '../accounts/input.js';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { readForm, readJson } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderChoosePassword, renderLinkRequest, renderMailedSignIn } from '../pages/index.js';
import { answerSignIn, goOnAfterSignIn } from './answer-sign-in.js';
import { completeSignIn, type SignInOutcome } from './complete-sign-in.js';
import { findIdentityLink, type PressedLink } from './identity-links.js';
import { requestLink, type RequestedPurpose } from './link-requests.js';
import { refuseAskedFor } from './mailed-links-off.js';
import { burnMailedSignIn, choosePasswordByMailedLink } from './use-identity-link.js';

export function createIdentityRoutes(context: IdentityContext) {
  const mailReachesPeople = context.config.smtp !== undefined;

  async function request(ctx: Context, purpose: RequestedPurpose, email: string): Promise<void> {
    await requestLink(context, { email, purpose, address: ctx.ip });
  }

  async function enter(ctx: Context, handle: string): Promise<SignInOutcome> {
    const account = await burnMailedSignIn(context, handle);
    return await completeSignIn(ctx, context, { account, method: 'mailed-link' });
  }

  const apiRequest = (purpose: RequestedPurpose) => async (ctx: Context) => {
    await request(ctx, purpose, (await readJson(ctx, linkRequestInput)).email);
    ctx.status = 202;
    ctx.body = {};
  };
  const pageRequest = (purpose: RequestedPurpose) => (ctx: Context) => {
    refuseAskedFor(context.config, purpose);
    ctx.body = renderLinkRequest({ assets: assetsOf(ctx), purpose, mailReachesPeople });
  };
  const pageRequestPost = (purpose: RequestedPurpose) => async (ctx: Context) => {
    const error = await pageRefusal(ctx, async () =>
      request(ctx, purpose, (await readForm(ctx, linkRequestInput)).email),
    );
    if (error === undefined) return redirectDone(ctx, '/sign-in', 'link-requested');
    ctx.body = renderLinkRequest({
      assets: assetsOf(ctx),
      purpose,
      mailReachesPeople,
      email: typedText(ctx, 'email'),
      error,
    });
  };

  return {
    /** `POST /api/sign-in-links {email}` 202, whoever asks for whomever; 403 where they are off. */
    apiRequestSignIn: apiRequest('sign-in'),
    /** `POST /api/password-resets {email}` 202, whoever asks for whomever; 403 where they are off. */
    apiRequestReset: apiRequest('reset-password'),
    /** `POST /api/session/handle {handle}`, answered as `POST /api/session`: the button of a sign-in link. */
    apiEnter: async (ctx: Context) => {
      answerSignIn(ctx, await enter(ctx, (await readJson(ctx, handleInput)).handle));
    },
    /** `PUT /api/account/chosen-password {handle, password}` 204: that of a reset or an invitation. */
    apiChoosePassword: async (ctx: Context) => {
      const { handle, password } = await readJson(ctx, handleAndPasswordInput);
      await choosePasswordByMailedLink(context, handle, password, ctx.ip);
      ctx.status = 204;
    },

    pageRequestSignIn: pageRequest('sign-in'),
    pageRequestSignInPost: pageRequestPost('sign-in'),
    pageRequestReset: pageRequest('reset-password'),
    pageRequestResetPost: pageRequestPost('reset-password'),
    /** `GET /i/{handle}`: changes nothing. */
    pageLink: async (ctx: Context) => {
      showLink(ctx, await findIdentityLink(context, handleOf(ctx)));
    },
    /** `POST /i/{handle}`: the button. */
    pageLinkPost: async (ctx: Context) => {
      const handle = handleOf(ctx);
      const pressed = await findIdentityLink(context, handle);
      if (pressed.link.purpose === 'sign-in') {
        return goOnAfterSignIn(ctx, await enter(ctx, handle));
      }
      // A password that is too short is said beside the field, and uses nothing up.
      const error = await pageRefusal(ctx, async () => {
        const { password } = await readForm(ctx, choosePasswordInput);
        await choosePasswordByMailedLink(context, handle, password, ctx.ip);
      });
      if (error === undefined) redirectDone(ctx, '/sign-in', 'password-chosen');
      else showLink(ctx, pressed, error);
    },
  };
}

function handleOf(ctx: Context): string {
  return String((ctx['params'] as Record<string, string>)['handle']);
}

function showLink(ctx: Context, { link, account }: PressedLink, error?: string): void {
  const page = { assets: assetsOf(ctx), action: ctx.path, email: account.email ?? '' };
  if (link.purpose === 'sign-in') ctx.body = renderMailedSignIn(page);
  else ctx.body = renderChoosePassword({ ...page, purpose: link.purpose, error });
}
