// Signing in by passkey, and giving the second factor of a sign-in that has begun: the API and the pages call
// the same functions. Nobody here is signed in yet, so nothing here may trust a session.
import { logFields } from '@claimcheck/shared/http';
import type { Context } from 'koa';
import type { AppConfig } from '../config.js';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { localPath } from '../http/local-path.js';
import { pageRefusal } from '../http/page-refusal.js';
import { APP_PROBLEMS, Refused } from '../http/problems.js';
import { readForm, readJson } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { renderSecondFactorStep, renderSignIn } from '../pages/index.js';
import { sessionOf } from '../sessions/load-session.js';
import { answerSignIn, goOnAfterSignIn, queryOf } from '../sign-in/answer-sign-in.js';
import { completeSignIn, type SignInOutcome } from '../sign-in/complete-sign-in.js';
import { checkPasskey } from './check-passkey.js';
import { finishByCode, finishByPasskey } from './finish-sign-in.js';
import { codeInput, passkeyAnswerInput, secondFactorForm } from './input.js';
import { bindToBrowser, browserOf } from './passkey-challenges.js';
import { requestOptions } from './passkey-options.js';
import { findPendingSignIn, pendingHashOf } from './pending-sign-in.js';
import { kindsOf, readFactors } from './read-factors.js';

export function createFactorSignInRoutes(context: IdentityContext) {
  const { config, db, metrics, signInLimits } = context;

  async function enterByPasskey(ctx: Context, response: unknown): Promise<SignInOutcome> {
    const boundTo = browserOf(ctx);
    if (boundTo === undefined) {
      throw new Refused('passkey-refused', 'Your browser sent no cookie along. Try again.');
    }
    const passkey = await checkPasskey(context, {
      response,
      purpose: 'sign-in',
      boundTo,
      by: { actorId: null, address: ctx.ip },
    });
    const account = await db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', passkey.account_id)
      .where('disabled_at', 'is', null)
      .executeTakeFirst();
    if (account === undefined) {
      throw new Refused('passkey-refused', 'Its account is disabled. Ask an administrator.');
    }
    return await completeSignIn(ctx, context, { account, method: 'passkey' });
  }

  async function describePending(ctx: Context) {
    const { pending, account } = await findPendingSignIn(ctx, db, context);
    const factors = kindsOf(await readFactors(db, account.id));
    return { factors, expiresAt: pending.expires_at };
  }

  async function showStep(ctx: Context, next: string | undefined, error?: string): Promise<void> {
    const { factors } = await describePending(ctx);
    ctx.body = renderSecondFactorStep({ assets: assetsOf(ctx), factors, next, error });
  }

  return {
    /** `POST /api/session/passkey/options`: what `navigator.credentials.get` takes, as JSON. */
    apiPasskeyOptions: async (ctx: Context) => {
      await signInLimits.admitPasskeyRequest(ctx.ip);
      const boundTo = bindToBrowser(ctx);
      ctx.body = await requestOptions(context, { purpose: 'sign-in', boundTo });
    },
    /** `POST /api/session/passkey {response}` 204 and the session cookie. */
    apiEnterByPasskey: async (ctx: Context) => {
      const { response } = await readJson(ctx, passkeyAnswerInput);
      answerSignIn(ctx, await metrics.signingIn('passkey', enterByPasskey(ctx, response)));
    },
    /** `GET /api/session/second-factor` `{factors, expiresAt}`. */
    apiShowPending: async (ctx: Context) => {
      ctx.body = await describePending(ctx);
    },
    /** `POST /api/session/second-factor {code}` 204 and the session cookie. */
    apiGiveCode: async (ctx: Context) => {
      const { code } = await readJson(ctx, codeInput);
      const finishing = finishByCode(ctx, context, code);
      answerSignIn(ctx, await metrics.signingIn('second-factor', finishing));
    },
    /** `POST /api/session/second-factor/passkey/options`. */
    apiSecondPasskeyOptions: async (ctx: Context) => {
      const { pending, account } = await findPendingSignIn(ctx, db, context);
      await signInLimits.admitPasskeyRequest(ctx.ip);
      const use = { purpose: 'second-factor', boundTo: `pending:${pending.id_hash}` } as const;
      ctx.body = await requestOptions(context, use, account.id);
    },
    /** `POST /api/session/second-factor/passkey {response}` 204 and the session cookie. */
    apiGivePasskey: async (ctx: Context) => {
      const { response } = await readJson(ctx, passkeyAnswerInput);
      const finishing = finishByPasskey(ctx, context, response);
      answerSignIn(ctx, await metrics.signingIn('second-factor', finishing));
    },

    pageStep: async (ctx: Context) => {
      const next = localPath(ctx.query['next']);
      if (sessionOf(ctx) && pendingHashOf(ctx) === undefined) {
        return redirectTo(ctx, next ?? '/files');
      }
      await orBeginAgain(ctx, config, next, () => showStep(ctx, next));
    },
    pageStepPost: async (ctx: Context) => {
      const form = await readForm(ctx, secondFactorForm);
      const next = localPath(form.next);
      await orBeginAgain(ctx, config, next, async () => {
        const error = await pageRefusal(ctx, async () => {
          const finishing = finishByCode(ctx, context, form.code);
          goOnAfterSignIn(ctx, await metrics.signingIn('second-factor', finishing), next);
        });
        if (error !== undefined) await showStep(ctx, next, error);
      });
    },
  };
}

/** Says why one has to begin again, and lets one. */
async function orBeginAgain(
  ctx: Context,
  { mailedLinks }: Pick<AppConfig, 'mailedLinks'>,
  next: string | undefined,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'sign-in-expired') throw error;
    // Never begun in this browser: the plain page says all there is to say.
    if (pendingHashOf(ctx) === undefined) return redirectTo(ctx, `/sign-in${queryOf(next)}`);
    const { status, title, advice } = APP_PROBLEMS[error.code];
    ctx.status = status;
    logFields(ctx, { refusal: error.code });
    const reason = `${title}. ${error.detail ?? advice}`;
    ctx.body = renderSignIn({ assets: assetsOf(ctx), mailedLinks, next, error: reason });
  }
}
