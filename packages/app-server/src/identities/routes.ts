// One's own identities elsewhere over HTTP: seeing them, taking one off. Connecting one needs a browser that
// goes there and is begun by `identity-provider/` and `hand-off/`.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { idOf } from '../http/path-id.js';
import { renderIdentities, type IdentityRow } from '../pages/index.js';
import { currentSession } from '../sessions/current-session.js';
import { viewerOf } from '../sessions/require-session.js';
import { disconnectIdentity, listIdentities } from './connect-identity.js';

export function createIdentitiesRoutes(context: IdentityContext) {
  const { config, provider, handOffPeers } = context;

  /** As people call it; its host when it is configured no more. */
  function nameOf(issuer: string): string {
    if (provider?.issuer === issuer) return provider.name;
    return handOffPeers.byOrigin(issuer)?.name ?? new URL(issuer).host;
  }

  async function list(ctx: Context): Promise<{ identities: IdentityRow[] }> {
    const rows = await listIdentities(context.db, viewerOf(ctx).account.id);
    return {
      identities: rows.map(({ id, issuer, email, created_at, last_used_at }) => ({
        id,
        issuer,
        name: nameOf(issuer),
        email,
        createdAt: created_at,
        lastUsedAt: last_used_at,
      })),
    };
  }

  /** Those that could be connected and are not. */
  function offers(connected: ReadonlySet<string>) {
    const peers = config.handOff.accounts === 'connected' ? handOffPeers.all : [];
    return [
      ...(provider ? [{ issuer: provider.issuer, name: provider.name, action: 'provider' }] : []),
      ...peers.map(({ origin, name }) => ({ issuer: origin, name, action: `peers/${name}` })),
    ].filter(({ issuer }) => !connected.has(issuer));
  }

  async function disconnect(ctx: Context): Promise<void> {
    await disconnectIdentity(context, {
      account: viewerOf(ctx).account,
      session: currentSession(ctx),
      id: idOf(ctx),
      address: ctx.ip,
    });
  }

  return {
    /** `GET /api/account/identities`. */
    apiList: async (ctx: Context) => {
      ctx.body = await list(ctx);
    },
    /** `DELETE /api/account/identities/{id}` 204; the account's other sessions end. */
    apiDisconnect: async (ctx: Context) => {
      await disconnect(ctx);
      ctx.status = 204;
    },
    /** `GET /account/identities`. */
    pageList: async (ctx: Context) => {
      const { account } = viewerOf(ctx);
      const { identities } = await list(ctx);
      ctx.body = renderIdentities({
        assets: assetsOf(ctx),
        viewer: account,
        identities,
        offers: offers(new Set(identities.map(({ issuer }) => issuer))),
        hasPassword: account.password_hash !== null,
        notice: noticeOf(ctx),
      });
    },
    /** `POST /account/identities/{id}/disconnect`. */
    pageDisconnect: async (ctx: Context) => {
      await disconnect(ctx);
      redirectDone(ctx, '/account/identities', 'identity-disconnected');
    },
  };
}
