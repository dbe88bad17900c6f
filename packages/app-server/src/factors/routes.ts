// Second factors of one's own account, over HTTP: seeing, setting up, removing; and taking them from an
// account, for administrators. Whatever changes something is behind the guard of a recent proof.
import type { Context } from 'koa';
import { assetsOf } from '../http/assets.js';
import { idOf } from '../http/path-id.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { Refused } from '../http/problems.js';
import { readForm, readJson } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import type { IdentityContext } from '../context.js';
import {
  readUserAgent,
  renderRecoveryCodes,
  renderSecondFactor,
  renderTotpSetUp,
} from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { codeInput, newPasskeyInput, passkeyNameInput, shownCodesForm } from './input.js';
import { addPasskey, deletePasskey, renamePasskey } from './own-passkeys.js';
import { creationOptions, passkeysOf } from './passkey-options.js';
import { drawQrCode } from './qr-code.js';
import { readFactors } from './read-factors.js';
import { removeTotp, renewRecoveryCodes, takeFactorsAway } from './remove-factors.js';
import { isSecondFactorRequired } from './require-second-factor.js';
import { beginTotpSetUp, confirmTotp, findTotpSetUp } from './set-up-totp.js';
import type { Actor } from './tell-of-factors.js';
import type { Passkey } from './factor-tables.js';

const PAGE = '/account/second-factor';

export function createFactorRoutes(context: IdentityContext) {
  const { config, db } = context;

  async function describeOwn(ctx: Context) {
    const { account } = viewerOf(ctx);
    const { totpSince, recoveryCodesLeft } = await readFactors(db, account.id);
    return {
      required: isSecondFactorRequired(config, account.role),
      totp: totpSince === undefined ? null : { confirmedAt: totpSince },
      passkeys: (await passkeysOf(context, account.id)).map(describePasskey),
      recoveryCodesLeft,
    };
  }

  async function showOwn(ctx: Context, error?: string): Promise<void> {
    const viewer = viewerOf(ctx).account;
    ctx.body = renderSecondFactor({
      assets: assetsOf(ctx),
      viewer,
      ...(await describeOwn(ctx)),
      mailedLinks: config.mailedLinks,
      error,
      notice: error === undefined ? noticeOf(ctx) : undefined,
    });
  }

  function showCodes(ctx: Context, codes: readonly string[]): void {
    ctx.body = renderRecoveryCodes({
      assets: assetsOf(ctx),
      viewer: viewerOf(ctx).account,
      codes,
      host: new URL(config.appOrigin).host,
    });
  }

  async function showSetUp(ctx: Context, error?: string): Promise<void> {
    const viewer = viewerOf(ctx).account;
    const setUp = await findTotpSetUp(context, viewer);
    if (setUp === undefined) return redirectTo(ctx, PAGE);
    ctx.body = renderTotpSetUp({
      assets: assetsOf(ctx),
      viewer,
      secret: setUp.secret,
      url: setUp.url,
      qrCode: drawQrCode(setUp.url),
      error,
    });
  }

  async function takeAway(ctx: Context): Promise<void> {
    const id = idOf(ctx);
    if (id === viewerOf(ctx).account.id) {
      throw new Refused('conflict', 'Remove your own on your Account page.');
    }
    await takeFactorsAway(context, id, actorOf(ctx));
  }

  async function renew(ctx: Context): Promise<string[]> {
    return await renewRecoveryCodes(context, viewerOf(ctx).account, actorOf(ctx));
  }

  async function confirm(ctx: Context, code: string) {
    return await confirmTotp(context, { account: viewerOf(ctx).account, code, by: actorOf(ctx) });
  }

  return {
    /** `GET /api/account/second-factor`. */
    apiShow: async (ctx: Context) => {
      ctx.body = await describeOwn(ctx);
    },
    /** `POST /api/account/second-factor/totp` 201 `{secret, url, expiresAt}`. */
    apiBeginTotp: async (ctx: Context) => {
      ctx.body = await beginTotpSetUp(context, viewerOf(ctx).account);
      ctx.status = 201;
    },
    /** `PUT /api/account/second-factor/totp {code}` `{recoveryCodes}`, made when there were none left, else empty. */
    apiConfirmTotp: async (ctx: Context) => {
      const { recoveryCodes = [] } = await confirm(ctx, (await readJson(ctx, codeInput)).code);
      ctx.body = { recoveryCodes };
    },
    /** `DELETE /api/account/second-factor/totp` 204. */
    apiRemoveTotp: async (ctx: Context) => {
      await removeTotp(context, viewerOf(ctx).account, actorOf(ctx));
      ctx.status = 204;
    },
    /** `POST /api/account/second-factor/recovery-codes` 201 `{recoveryCodes}`; earlier ones end. */
    apiRenewCodes: async (ctx: Context) => {
      ctx.body = { recoveryCodes: await renew(ctx) };
      ctx.status = 201;
    },
    /** `POST /api/account/passkeys/options`: what `navigator.credentials.create` takes, as JSON. */
    apiPasskeyOptions: async (ctx: Context) => {
      const { account, sessionReference } = viewerOf(ctx);
      ctx.body = await creationOptions(context, account, `session:${sessionReference}`);
    },
    /** `POST /api/account/passkeys {name?, response}` 201. */
    apiAddPasskey: async (ctx: Context) => {
      const { account, sessionReference } = viewerOf(ctx);
      const { name, response } = await readJson(ctx, newPasskeyInput);
      const passkey = await addPasskey(context, account, {
        response,
        name: name ?? readUserAgent(ctx.get('User-Agent')),
        boundTo: `session:${sessionReference}`,
        by: actorOf(ctx),
      });
      ctx.body = describePasskey(passkey);
      ctx.status = 201;
    },
    /** `PATCH /api/account/passkeys/{id} {name}`. */
    apiRenamePasskey: async (ctx: Context) => {
      const { name } = await readJson(ctx, passkeyNameInput);
      const wanted = { id: idOf(ctx), name, by: actorOf(ctx) };
      ctx.body = describePasskey(await renamePasskey(context, viewerOf(ctx).account, wanted));
    },
    /** `DELETE /api/account/passkeys/{id}` 204. */
    apiDeletePasskey: async (ctx: Context) => {
      await deletePasskey(context, viewerOf(ctx).account, { id: idOf(ctx), by: actorOf(ctx) });
      ctx.status = 204;
    },
    /** `DELETE /api/accounts/{id}/second-factor` 204, for administrators. */
    apiTakeAway: async (ctx: Context) => {
      await takeAway(ctx);
      ctx.status = 204;
    },

    pageShow: (ctx: Context) => showOwn(ctx),
    pageBeginTotp: async (ctx: Context) => {
      await beginTotpSetUp(context, viewerOf(ctx).account);
      redirectTo(ctx, `${PAGE}/totp`);
    },
    pageSetUpTotp: (ctx: Context) => showSetUp(ctx),
    pageConfirmTotp: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () => {
        const { recoveryCodes } = await confirm(ctx, (await readForm(ctx, codeInput)).code);
        if (recoveryCodes === undefined) redirectDone(ctx, PAGE, 'totp-added');
        else showCodes(ctx, recoveryCodes);
      });
      if (error !== undefined) await showSetUp(ctx, error);
    },
    pageRemoveTotp: async (ctx: Context) => {
      await removeTotp(context, viewerOf(ctx).account, actorOf(ctx));
      redirectDone(ctx, PAGE, 'totp-removed');
    },
    pageRenewCodes: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () => showCodes(ctx, await renew(ctx)));
      if (error !== undefined) await showOwn(ctx, error);
    },
    /** The codes of the page as a file: what the page holds is sent back, and only if it is codes. */
    pageCodesAsText: async (ctx: Context) => {
      const { codes } = await readForm(ctx, shownCodesForm);
      ctx.attachment('claimcheck-recovery-codes.txt');
      ctx.type = 'text/plain; charset=utf-8';
      ctx.body = `Recovery codes for ${new URL(config.appOrigin).host}\n\n${codes.join('\n')}\n`;
    },
    pageRenamePasskey: async (ctx: Context) => {
      const error = await pageRefusal(ctx, async () => {
        const { name } = await readForm(ctx, passkeyNameInput);
        const wanted = { id: idOf(ctx), name, by: actorOf(ctx) };
        await renamePasskey(context, viewerOf(ctx).account, wanted);
      });
      if (error === undefined) redirectDone(ctx, PAGE, 'passkey-renamed');
      else await showOwn(ctx, error);
    },
    pageDeletePasskey: async (ctx: Context) => {
      await deletePasskey(context, viewerOf(ctx).account, { id: idOf(ctx), by: actorOf(ctx) });
      redirectDone(ctx, PAGE, 'passkey-deleted');
    },
    pageTakeAway: async (ctx: Context) => {
      await takeAway(ctx);
      redirectDone(ctx, '/accounts', 'second-factor-removed');
    },
  };
}

function actorOf(ctx: Context): Actor {
  return { actorId: viewerOf(ctx).account.id, address: ctx.ip };
}

function describePasskey({ id, name, synced, created_at, last_used_at }: Passkey) {
  return { id, name, synced, createdAt: created_at, lastUsedAt: last_used_at };
}
