// Accounts over HTTP: administrators list, search, add and invite; everybody changes their own
// password. What is done with one account is in `one-account-routes.ts`.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { idOf } from '../http/path-id.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { check, readForm, readJson } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderAccount, renderAccounts, type AccountsProps } from '../pages/index.js';
import { hasSecondFactor, readFactors, readWhoHasFactors } from '../factors/read-factors.js';
import { completeProof } from '../sessions/prove-anew.js';
import { viewerOf } from '../sessions/require-session.js';
import { currentSession } from '../sessions/current-session.js';
import { describeUsage } from '../quotas/describe-usage.js';
import { addAccount, listAccounts } from './accounts.js';
import { describeAccount } from './describe-account.js';
import { accountSearch, invitationInput, newAccountInput, passwordChangeInput } from './input.js';
import {
  invite,
  inviteAgain,
  isInvited,
  readInvitationEnds,
  withdrawInvitation,
  type Invitation,
} from './invitations.js';
import { areResetLinksByHand, makeResetLink } from './make-reset-link.js';
import { changePassword } from './own-account.js';

export function createAccountRoutes(context: IdentityContext) {
  async function describeAll(rows: readonly Account[]) {
    const invited = rows.filter(isInvited).map(({ id }) => id);
    const ends = await readInvitationEnds(context.db, invited);
    const withFactors = await readWhoHasFactors(
      context.db,
      rows.map(({ id }) => id),
    );
    return rows.map((account) => ({
      ...describeAccount(account, ends.get(account.id)),
      secondFactor: withFactors.has(account.id),
    }));
  }

  async function list(query: Readonly<Record<string, unknown>>, path: string) {
    const search = check(query['q'], accountSearch);
    const { rows, next } = await listAccounts(context.db, { ...readPageRequest(query), search });
    const kept = search === undefined ? '' : `&q=${encodeURIComponent(search)}`;
    const nextUrl = nextPageUrl(path, next);
    const accounts = await describeAll(rows);
    return { accounts, search, next: nextUrl === undefined ? undefined : nextUrl + kept };
  }

  async function showOwn(ctx: Context, error?: string): Promise<void> {
    const viewer = viewerOf(ctx).account;
    ctx.body = renderAccount({
      assets: assetsOf(ctx),
      viewer,
      hasPassword: viewer.password_hash !== null,
      fetchedNotices: viewer.fetched_notices,
      secondFactor: hasSecondFactor(await readFactors(context.db, viewer.id)),
      mailedSignIn: context.config.mailedLinks['sign-in'],
      storage: await describeUsage(context, viewer.id),
      error,
      notice: error === undefined ? noticeOf(ctx) : undefined,
    });
  }

  /** With a mail server the page says that a mail is on its way, without one it shows the link, once. */
  async function showInvitation(ctx: Context, { email, url, expiresAt }: Invitation) {
    if (url === undefined) return redirectDone(ctx, '/accounts', 'invited');
    await showList(ctx, undefined, { email, url, expiresAt });
  }

  async function showList(
    ctx: Context,
    form?: { error: string; email: string | undefined; role: string | undefined },
    invitation?: AccountsProps['invitation'],
  ): Promise<void> {
    const viewer = viewerOf(ctx).account;
    // A form that is shown again is above the first page.
    const query = ctx.method === 'GET' ? ctx.query : {};
    const { accounts, search, next } = await list(query, '/accounts');
    ctx.body = renderAccounts({
      assets: assetsOf(ctx),
      viewer,
      accounts: accounts.map((account) => ({
        ...account,
        self: account.id === viewer.id,
      })),
      search,
      nextPage: next,
      error: form?.error,
      form,
      invitation,
      linksByHand: areResetLinksByHand(context.config),
      notice: form || invitation ? undefined : noticeOf(ctx),
    });
  }

  return {
    /** `GET /api/accounts[?q=&limit=&after=]`, newest first; `q` is a part of the e-mail address. */
    apiList: async (ctx: Context) => {
      const { accounts, next } = await list(ctx.query, '/api/accounts');
      ctx.body = { accounts, next };
    },
    /** `POST /api/accounts {email, password, role}` 201. */
    apiAdd: async (ctx: Context) => {
      const account = await addAccount(context, await readJson(ctx, newAccountInput), actorOf(ctx));
      ctx.status = 201;
      ctx.body = describeAccount(account);
    },
    /** `PUT /api/account/password {currentPassword, newPassword}` 204. */
    apiChangePassword: async (ctx: Context) => {
      const input = await readJson(ctx, passwordChangeInput);
      await changePassword(context, viewerOf(ctx), currentSession(ctx), input, actorOf(ctx));
      await completeProof(ctx, context, 'password');
      ctx.status = 204;
    },

    pageList: (ctx: Context) => showList(ctx),
    pageAdd: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () =>
        addAccount(context, await readForm(ctx, newAccountInput), actorOf(ctx)),
      );
      if (error === undefined) redirectDone(ctx, '/accounts', 'account-added');
      else {
        await showList(ctx, {
          error,
          email: typedText(ctx, 'email'),
          role: typedText(ctx, 'role'),
        });
      }
    },
    /** `POST /api/invitations {email, role}` 201; `url` only where no mail server brings it. */
    apiInvite: async (ctx: Context) => {
      const wanted = await readJson(ctx, invitationInput);
      ctx.body = await invite(context, { ...wanted, invitedBy: inviterOf(ctx) }, actorOf(ctx));
      ctx.status = 201;
    },
    /** `POST /api/invitations/{id}/send`: a new link; the one before it ends. */
    apiInviteAgain: async (ctx: Context) => {
      const wanted = { id: idOf(ctx), invitedBy: inviterOf(ctx) };
      ctx.body = await inviteAgain(context, wanted, actorOf(ctx));
    },
    /** `DELETE /api/invitations/{id}` 204: the account goes too. */
    apiWithdrawInvitation: async (ctx: Context) => {
      await withdrawInvitation(context, idOf(ctx), actorOf(ctx));
      ctx.status = 204;
    },
    pageInvite: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () => {
        const wanted = { ...(await readForm(ctx, invitationInput)), invitedBy: inviterOf(ctx) };
        await showInvitation(ctx, await invite(context, wanted, actorOf(ctx)));
      });
      if (error === undefined) return;
      const [email, role] = [typedText(ctx, 'email'), typedText(ctx, 'role')];
      await showList(ctx, undefined, { error, email, role });
    },
    pageInviteAgain: async (ctx: Context) => {
      const wanted = { id: idOf(ctx), invitedBy: inviterOf(ctx) };
      await showInvitation(ctx, await inviteAgain(context, wanted, actorOf(ctx)));
    },
    pageWithdrawInvitation: async (ctx: Context) => {
      await withdrawInvitation(context, idOf(ctx), actorOf(ctx));
      redirectDone(ctx, '/accounts', 'invitation-withdrawn');
    },
    /** `POST /api/accounts/{id}/reset-link` 201 `{email, url, expiresAt}`, where no mail brings one. */
    apiMakeResetLink: async (ctx: Context) => {
      ctx.body = await makeResetLink(context, idOf(ctx), actorOf(ctx));
      ctx.status = 201;
    },
    pageMakeResetLink: async (ctx: Context) => {
      await showList(ctx, undefined, await makeResetLink(context, idOf(ctx), actorOf(ctx)));
    },
    pageOwn: (ctx: Context) => showOwn(ctx),
    pageChangePassword: async (ctx: Context) => {
      const viewer = viewerOf(ctx);
      const error = await pageRefusal(ctx, async () => {
        const input = await readForm(ctx, passwordChangeInput);
        await changePassword(context, viewer, currentSession(ctx), input, actorOf(ctx));
        await completeProof(ctx, context, 'password');
      });
      if (error === undefined) redirectDone(ctx, '/account', 'password-changed');
      else await showOwn(ctx, error);
    },
  };
}

function inviterOf(ctx: Context): string {
  return viewerOf(ctx).account.email ?? 'An administrator';
}
