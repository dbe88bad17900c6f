// An account's API keys over HTTP: API and page call the same functions. A key is in one answer only, that to
// the request which made it.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { pageRefusal } from '../http/page-refusal.js';
import { idOf } from '../http/path-id.js';
import { Refused } from '../http/problems.js';
import { readForm, readJson } from '../http/read-body.js';
import { typedText } from '../http/typed-text.js';
import { renderApiKeys, type ApiKeysProps } from '../pages/index.js';
import { createRequireRecentProof } from '../sessions/require-recent-proof.js';
import { viewerOf } from '../sessions/require-session.js';
import { isOver } from './accept-key.js';
import { addApiKey, listApiKeys, revokeApiKey } from './api-keys.js';
import { newKeyForm, newKeyInput, type KeyAsJson, type NewKey } from './input.js';
import { ALL_SCOPES, KEY_SCOPES, readScopes } from './key-scopes.js';
import type { ApiKey } from './key-tables.js';

export function createApiKeyRoutes(context: IdentityContext) {
  const { db, now } = context;
  const requireRecentProof = createRequireRecentProof(context);

  const add = (ctx: Context, wanted: NewKey) => addApiKey(context, askerOf(ctx), wanted);

  /** What stands in front of making one: the page shows its form only to those whom it would let pass. */
  async function mayMake(ctx: Context): Promise<boolean> {
    try {
      await requireRecentProof(ctx, async () => {});
      return true;
    } catch (error) {
      if (error instanceof Refused && error.code === 'proof-needed') return false;
      throw error;
    }
  }

  async function showList(ctx: Context, given: Pick<ApiKeysProps, 'made' | 'form'> = {}) {
    const { account } = viewerOf(ctx);
    const nowMs = now();
    const keys = await listApiKeys(db, account.id);
    ctx.body = renderApiKeys({
      assets: assetsOf(ctx),
      viewer: account,
      keys: keys.map((key) => ({
        id: key.id,
        name: key.name,
        scopes: readScopes(key.scopes),
        expired: isOver(key, nowMs),
        createdAt: key.created_at,
        expiresAt: key.expires_at ?? undefined,
        lastUsedAt: key.last_used_at ?? undefined,
        lastUsedAddress: key.last_used_address ?? undefined,
      })),
      scopes: ALL_SCOPES.map((scope) => ({ scope, words: KEY_SCOPES[scope] })),
      mayMake: await mayMake(ctx),
      notice: given.made || given.form ? undefined : noticeOf(ctx),
      ...given,
    });
  }

  return {
    /** `GET /api/api-keys`: those that are not revoked. */
    apiList: async (ctx: Context) => {
      const nowMs = now();
      const keys = await listApiKeys(db, viewerOf(ctx).account.id);
      ctx.body = { keys: keys.map((key) => toJson(key, nowMs)) };
    },
    /** `POST /api/api-keys {name, scopes, expiresInSeconds?}` 201 with the `key`, once. */
    apiAdd: async (ctx: Context) => {
      const { key, row } = await add(ctx, await readJson(ctx, newKeyInput));
      ctx.status = 201;
      ctx.body = { ...toJson(row, now()), key };
    },
    /** `DELETE /api/api-keys/{id}` 204. */
    apiRevoke: async (ctx: Context) => {
      await revokeApiKey(context, askerOf(ctx), idOf(ctx));
      ctx.status = 204;
    },

    pageList: (ctx: Context) => showList(ctx),
    pageAdd: async (ctx: Context) => {
      let made: ApiKeysProps['made'];
      const error = await pageRefusal(ctx, async () => {
        const { key, row } = await add(ctx, await readForm(ctx, newKeyForm));
        made = { name: row.name, key };
      });
      if (error === undefined) await showList(ctx, { made });
      else await showList(ctx, { form: { error, name: typedText(ctx, 'name') } });
    },
    pageRevoke: async (ctx: Context) => {
      await revokeApiKey(context, askerOf(ctx), idOf(ctx));
      redirectDone(ctx, '/api-keys', 'api-key-revoked');
    },
  };
}

const askerOf = (ctx: Context) => ({ account: viewerOf(ctx).account, address: ctx.ip });

function toJson(key: ApiKey, nowMs: number): KeyAsJson {
  return {
    id: key.id,
    name: key.name,
    scopes: readScopes(key.scopes),
    state: isOver(key, nowMs) ? 'expired' : 'active',
    createdAt: key.created_at.toISOString(),
    expiresAt: key.expires_at?.toISOString() ?? null,
    lastUsedAt: key.last_used_at?.toISOString() ?? null,
    lastUsedAddress: key.last_used_address,
  };
}
