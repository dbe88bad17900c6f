// Accounts over HTTP: administrators list, add, invite, disable and enable them; everybody
// changes their own
// password.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { idOf } from '../http/path-id.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { Refused } from '../http/problems.js';
import { readForm, readJson } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderAccount, renderAccounts, type AccountsProps } from '../pages/index.js';
import { hasSecondFactor, readFactors, readWhoHasFactors } from '../factors/read-factors.js';
import { completeProof } from '../sessions/prove-anew.js';
import { viewerOf } from '../sessions/require-session.js';
import { currentSession } from '../sessions/current-session.js';
import { addAccount, disableAccount, enableAccount, listAccounts } from './accounts.js';
import {
  accountChangeInput,
  invitationInput,
  newAccountInput,
  passwordChangeInput,
} from './input.js';
import {
  invite,
  inviteAgain,
  isInvited,
  readInvitationEnds,
  withdrawInvitation,
  type Invitation,
} from './invitations.js';
import { makeResetLink } from './make-reset-link.js';
import { changePassword } from './own-account.js';

/** The accounts page has no "next": whoever has more accounts than this uses the API. */
const ROWS_ON_PAGE = 500;

export function createAccountRoutes(context: IdentityContext) {
  async function change(ctx: Context, disabled: boolean): Promise<Account> {
    const id = idOf(ctx);
    if (!disabled) return await enableAccount(context, id);
    if (id === viewerOf(ctx).account.id) {
      throw new Refused('conflict', 'You cannot disable your own account.');
    }
    return await disableAccount(context, id);
  }

  async function describeAll(rows: readonly Account[]) {
    const invited = rows.filter(isInvited).map(({ id }) => id);
    const ends = await readInvitationEnds(context.db, invited);
    const withFactors = await readWhoHasFactors(
      context.db,
      rows.map(({ id }) => id),
    );
    return rows.map((account) => ({
      ...describe(account, ends.get(account.id)),
      secondFactor: withFactors.has(account.id),
    }));
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
    const rows = await describeAll(
      (await listAccounts(context.db, { limit: ROWS_ON_PAGE, after: undefined })).rows,
    );
    ctx.body = renderAccounts({
      assets: assetsOf(ctx),
      viewer,
      accounts: rows.map((account) => ({
        ...account,
        self: account.id === viewer.id,
      })),
      error: form?.error,
      form,
      invitation,
      linksByHand: context.config.smtp === undefined,
      notice: form || invitation ? undefined : noticeOf(ctx),
    });
  }

  return {
    /** `GET /api/accounts[?limit=&after=]`, newest first. */
    apiList: async (ctx: Context) => {
      const { rows, next } = await listAccounts(context.db, readPageRequest(ctx.query));
      ctx.body = { accounts: await describeAll(rows), next: nextPageUrl('/api/accounts', next) };
    },
    /** `POST /api/accounts {email, password, role}` 201. */
    apiAdd: async (ctx: Context) => {
      const account = await addAccount(context, await readJson(ctx, newAccountInput));
      ctx.status = 201;
      ctx.body = describe(account);
    },
    /** `PATCH /api/accounts/{id} {disabled}`. */
    apiChange: async (ctx: Context) => {
      const { disabled } = await readJson(ctx, accountChangeInput);
      ctx.body = describe(await change(ctx, disabled));
    },
    /** `PUT /api/account/password {currentPassword, newPassword}` 204. */
    apiChangePassword: async (ctx: Context) => {
      const input = await readJson(ctx, passwordChangeInput);
      await changePassword(context, viewerOf(ctx), currentSession(ctx), input);
      await completeProof(ctx, context, 'password');
      ctx.status = 204;
    },

    pageList: (ctx: Context) => showList(ctx),
    pageAdd: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () =>
        addAccount(context, await readForm(ctx, newAccountInput)),
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
      ctx.body = await invite(context, { ...wanted, invitedBy: inviterOf(ctx) });
      ctx.status = 201;
    },
    /** `POST /api/invitations/{id}/send`: a new link; the one before it ends. */
    apiInviteAgain: async (ctx: Context) => {
      ctx.body = await inviteAgain(context, { id: idOf(ctx), invitedBy: inviterOf(ctx) });
    },
    /** `DELETE /api/invitations/{id}` 204: the account goes too. */
    apiWithdrawInvitation: async (ctx: Context) => {
      await withdrawInvitation(context, idOf(ctx));
      ctx.status = 204;
    },
    pageInvite: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () => {
        const wanted = await readForm(ctx, invitationInput);
        await showInvitation(ctx, await invite(context, { ...wanted, invitedBy: inviterOf(ctx) }));
      });
      if (error === undefined) return;
      const [email, role] = [typedText(ctx, 'email'), typedText(ctx, 'role')];
      await showList(ctx, undefined, { error, email, role });
    },
    pageInviteAgain: async (ctx: Context) => {
      const wanted = { id: idOf(ctx), invitedBy: inviterOf(ctx) };
      await showInvitation(ctx, await inviteAgain(context, wanted));
    },
    pageWithdrawInvitation: async (ctx: Context) => {
      await withdrawInvitation(context, idOf(ctx));
      redirectDone(ctx, '/accounts', 'invitation-withdrawn');
    },
    /** `POST /api/accounts/{id}/reset-link` 201 `{email, url, expiresAt}`, where there is no mail server. */
    apiMakeResetLink: async (ctx: Context) => {
      ctx.body = await makeResetLink(context, idOf(ctx));
      ctx.status = 201;
    },
    pageMakeResetLink: async (ctx: Context) => {
      await showList(ctx, undefined, await makeResetLink(context, idOf(ctx)));
    },
    pageDisable: async (ctx: Context) => {
      await change(ctx, true);
      redirectDone(ctx, '/accounts', 'account-disabled');
    },
    pageEnable: async (ctx: Context) => {
      await change(ctx, false);
      redirectDone(ctx, '/accounts', 'account-enabled');
    },
    pageOwn: async (ctx: Context) => {
      const viewer = viewerOf(ctx).account;
      ctx.body = renderAccount({
        assets: assetsOf(ctx),
        viewer,
        hasPassword: viewer.password_hash !== null,
        fetchedNotices: viewer.fetched_notices,
        secondFactor: hasSecondFactor(await readFactors(context.db, viewer.id)),
        notice: noticeOf(ctx),
      });
    },
    pageChangePassword: async (ctx: Context) => {
      const viewer = viewerOf(ctx);
      const { account } = viewer;
      const error = await pageRefusal(ctx, async () => {
        const input = await readForm(ctx, passwordChangeInput);
        await changePassword(context, viewer, currentSession(ctx), input);
        await completeProof(ctx, context, 'password');
      });
      if (error === undefined) redirectDone(ctx, '/account', 'password-changed');
      else {
        ctx.body = renderAccount({
          assets: assetsOf(ctx),
          viewer: account,
          hasPassword: account.password_hash !== null,
          fetchedNotices: account.fetched_notices,
          secondFactor: hasSecondFactor(await readFactors(context.db, account.id)),
          error,
        });
      }
    },
  };
}

function inviterOf(ctx: Context): string {
  return viewerOf(ctx).account.email ?? 'An administrator';
}

/** Of an invited account it also says so, and until when it can accept. */
function describe(account: Account, invitationEndsAt?: Date) {
  const { id, email, role, disabled_at, created_at } = account;
  return {
    id,
    email,
    role,
    disabled: disabled_at !== null,
    createdAt: created_at,
    ...(isInvited(account) ? { invited: true, invitationEndsAt } : {}),
  };
}
