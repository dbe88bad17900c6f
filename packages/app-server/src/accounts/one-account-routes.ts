// One account over HTTP: its numbers, role and quota for administrators; for everybody their own.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import { listAudit } from '../audit/list-audit.js';
import { areResetLinksByHand } from './make-reset-link.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { idOf } from '../http/path-id.js';
import { Refused } from '../http/problems.js';
import { readForm, readJson } from '../http/read-body.js';
import { renderOneAccount } from '../pages/index.js';
import { changeQuota } from '../quotas/change-quota.js';
import { quotaForm } from '../quotas/input.js';
import { readQuota, readUsage } from '../quotas/quota.js';
import { viewerOf } from '../sessions/require-session.js';
import { disableAccount, enableAccount, findAccount } from './accounts.js';
import { changeRole } from './change-role.js';
import { describeAccount, describeOwnAccount } from './describe-account.js';
import { accountChangeInput, roleForm } from './input.js';
import { readInvitationEnds } from './invitations.js';
import { readNumbers } from './read-numbers.js';

/** Of the trail, on an account's page; the rest is a link away. */
const LATEST_ENTRIES = 20;

export function createOneAccountRoutes(context: IdentityContext) {
  const { config, db } = context;

  async function describeOne(account: Account) {
    const ends = await readInvitationEnds(db, [account.id]);
    const numbers = await readNumbers(context, account.id);
    return { ...describeAccount(account, ends.get(account.id)), ...numbers };
  }

  async function showOne(ctx: Context, error?: string): Promise<void> {
    const viewer = viewerOf(ctx).account;
    const account = await findAccount(db, idOf(ctx));
    const latest = { limit: LATEST_ENTRIES, after: undefined, account: { id: account.id } };
    ctx.body = renderOneAccount({
      assets: assetsOf(ctx),
      viewer,
      account: { ...(await describeOne(account)), self: account.id === viewer.id },
      defaults: config.quota,
      entries: (await listAudit(db, latest)).rows,
      linksByHand: areResetLinksByHand(config),
      error,
      notice: error === undefined ? noticeOf(ctx) : undefined,
    });
  }

  async function changeDisabled(ctx: Context, disabled: boolean): Promise<Account> {
    const id = idOf(ctx);
    if (!disabled) return await enableAccount(context, id, actorOf(ctx));
    if (id === viewerOf(ctx).account.id) {
      throw new Refused('conflict', 'You cannot disable your own account.');
    }
    return await disableAccount(context, id, actorOf(ctx));
  }

  /** Does it and shows the account again, or shows it with the reason why not. */
  async function changeOrExplain(
    ctx: Context,
    done: 'role-changed' | 'quota-changed',
    act: () => Promise<unknown>,
  ): Promise<void> {
    const error = await pageRefusal(ctx, act);
    if (error === undefined) redirectDone(ctx, `/accounts/${idOf(ctx)}`, done);
    else await showOne(ctx, error);
  }

  return {
    /** `GET /api/accounts/{id}`: with its numbers. */
    apiShow: async (ctx: Context) => {
      ctx.body = await describeOne(await findAccount(db, idOf(ctx)));
    },
    /** `PATCH /api/accounts/{id}` with `{disabled}`, `{role}` or `{quota:{bytes?,files?,linksPerDay?}}`. */
    apiChange: async (ctx: Context) => {
      const change = await readJson(ctx, accountChangeInput);
      const by = actorOf(ctx);
      if ('disabled' in change) {
        ctx.body = describeAccount(await changeDisabled(ctx, change.disabled));
      } else if ('role' in change) {
        ctx.body = describeAccount(await changeRole(context, idOf(ctx), change.role, by));
      } else {
        await changeQuota(context, by, idOf(ctx), change.quota);
        ctx.body = await describeOne(await findAccount(db, idOf(ctx)));
      }
    },
    /** `GET /api/account`: one's own, with what it uses of what it may have. */
    apiShowOwn: async (ctx: Context) => {
      const { account } = viewerOf(ctx);
      const usage = await readUsage(context, account.id);
      const quota = await readQuota(context, account.id);
      ctx.body = describeOwnAccount(account, { usage, quota });
    },

    /** `GET /accounts/{id}`. */
    pageShow: (ctx: Context) => showOne(ctx),
    /** `POST /accounts/{id}/role`. */
    pageChangeRole: async (ctx: Context) => {
      await changeOrExplain(ctx, 'role-changed', async () => {
        const { role } = await readForm(ctx, roleForm);
        await changeRole(context, idOf(ctx), role, actorOf(ctx));
      });
    },
    /** `POST /accounts/{id}/quota`. */
    pageChangeQuota: async (ctx: Context) => {
      await changeOrExplain(ctx, 'quota-changed', async () => {
        await changeQuota(context, actorOf(ctx), idOf(ctx), await readForm(ctx, quotaForm));
      });
    },
    /** `POST /accounts/{id}/disable` and `…/enable`. */
    pageDisable: async (ctx: Context) => {
      await changeDisabled(ctx, true);
      redirectDone(ctx, '/accounts', 'account-disabled');
    },
    pageEnable: async (ctx: Context) => {
      await changeDisabled(ctx, false);
      redirectDone(ctx, '/accounts', 'account-enabled');
    },
  };
}
