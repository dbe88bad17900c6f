// The handlers of everything under claims, and of the two buttons that mint one on the files page,
// for the route table. API and page share the feature functions.
import { logFields } from '@claimcheck/shared/http';
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { Refused } from '../http/problems.js';
import { readJson } from '../http/read-body.js';
import { renderClaims, renderCurl } from '../pages/index.js';
import { viewerOf } from '../sessions/require-session.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { idOf } from '../http/path-id.js';
import { showRefusal, type Handler } from '../files/routes.js';
import { claimInput } from './input.js';
import { resumableUntil } from './claim-keys.js';
import { listClaims, type ListedClaim } from './list-claims.js';
import { createDownloadMint, type DownloadWish, type MintedDownload } from './mint-download.js';
import { createKeysHandler } from './publish-keys.js';
import { revokeClaim } from './revoke-claims.js';

export type ClaimRoutes = ReturnType<typeof createClaimRoutes>;

export function createClaimRoutes(context: AppContext) {
  const mintDownload = createDownloadMint(context);

  /** Mints, and names the claim (never its token) in the request's log line. */
  async function mint(ctx: Context, wanted: DownloadWish): Promise<MintedDownload> {
    const minted = await context.metrics.minting(mintDownload(viewerOf(ctx), wanted, actorOf(ctx)));
    logFields(ctx, { claimId: minted.id });
    return minted;
  }

  /** The page's buttons. A file that cannot be handed out is said on the page they stand on. */
  async function mintOrExplain(ctx: Context): Promise<MintedDownload | undefined> {
    try {
      return await mint(ctx, { fileId: idOf(ctx) });
    } catch (error) {
      if (!(error instanceof Refused) || error.code === 'not-found') throw error;
      await showRefusal(ctx, context, error);
      return undefined;
    }
  }

  return {
    /** `POST /api/claims { fileId, mode?, lifetimeSeconds? }` → 201 `{ id, url, expiresAt }`. */
    apiMint: async (ctx: Context) => {
      const { id, url, expiresAt } = await mint(ctx, await readJson(ctx, claimInput));
      ctx.status = 201;
      ctx.body = { id, url, expiresAt: expiresAt.toISOString() };
    },
    /** `GET /api/claims` → `{ claims, next? }`, newest first. */
    apiList: async (ctx: Context) => {
      const { rows, next } = await readList(ctx, context);
      ctx.body = { claims: rows.map(toJson), next: nextPageUrl('/api/claims', next) };
    },
    /** `DELETE /api/claims/:id` → 204. */
    apiRevoke: async (ctx: Context) => {
      await revokeClaim(context, viewerOf(ctx).account.id, idOf(ctx), actorOf(ctx));
      ctx.status = 204;
    },
    /** `GET /claims`. */
    pageList: async (ctx: Context) => {
      const { rows, next } = await readList(ctx, context);
      ctx.type = 'text/html; charset=utf-8';
      ctx.body = renderClaims({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        claims: rows.map(toRow),
        notice: noticeOf(ctx),
        nextPage: nextPageUrl('/claims', next),
      });
    },
    /** `POST /claims/:id/revoke`. */
    pageRevoke: async (ctx: Context) => {
      await revokeClaim(context, viewerOf(ctx).account.id, idOf(ctx), actorOf(ctx));
      redirectDone(ctx, '/claims', 'revoked');
    },
    /** `POST /files/:id/download` → 303 to a claim made for this click. */
    pageDownload: async (ctx: Context) => {
      const minted = await mintOrExplain(ctx);
      if (!minted) return;
      ctx.status = 303;
      ctx.set('Location', minted.url);
      ctx.body = '';
    },
    /** `POST /files/:id/curl` → a page with the command. */
    pageCurl: async (ctx: Context) => {
      const minted = await mintOrExplain(ctx);
      if (!minted) return;
      const { id, fileName, url, expiresAt } = minted;
      ctx.type = 'text/html; charset=utf-8';
      ctx.body = renderCurl({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        fileName,
        claimId: id,
        url,
        expiresAt,
      });
    },
    publishKeys: createKeysHandler(context),
  } satisfies Record<string, Handler>;
}

async function readList(ctx: Context, { db, keys, now }: AppContext) {
  return await listClaims(
    { db, keys },
    viewerOf(ctx).account.id,
    readPageRequest(ctx.query),
    now(),
  );
}

function toJson({ claim, state, story, keyRetiredAt }: ListedClaim) {
  return {
    id: claim.id,
    fileId: claim.file_id,
    fileName: claim.file_name,
    size: claim.size_bytes,
    createdAt: claim.created_at.toISOString(),
    expiresAt: claim.expires_at.toISOString(),
    mode: claim.mode,
    state,
    bytesSent: story.bytesSent,
    resumableUntil: untilOf({ claim, state, story })?.toISOString(),
    startedAt: story.startedAt?.toISOString(),
    endedAt: story.endedAt?.toISOString(),
    refusedCount: story.refusedCount,
    lastRefusedAt: story.lastRefusedAt?.toISOString(),
    keyRetiredAt: keyRetiredAt?.toISOString(),
  };
}

/** Until when a client can go on, of a copy that waits for one. */
function untilOf({ claim, state, story }: ListedClaim): Date | undefined {
  return state === 'interrupted' ? resumableUntil(claim, story) : undefined;
}

function toRow({ claim, state, story, keyRetiredAt }: ListedClaim) {
  return {
    id: claim.id,
    fileName: claim.file_name,
    sizeBytes: claim.size_bytes,
    createdAt: claim.created_at,
    expiresAt: claim.expires_at,
    state,
    mode: claim.mode,
    bytesSent: story.bytesSent,
    resumableUntil: untilOf({ claim, state, story }),
    startedAt: story.startedAt,
    endedAt: story.endedAt,
    refusedCount: story.refusedCount,
    lastRefusedAt: story.lastRefusedAt,
    keyRetiredAt,
  };
}
