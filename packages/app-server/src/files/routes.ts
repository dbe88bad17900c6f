// The handlers of everything under files, for the route table. Each is a feature function with its
// request and its answer around it; API and page share the function.
import { logFields } from '@claimcheck/shared/http';
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import type { FileRecord } from '../database/schema.js';
import { assetsOf } from '../http/assets.js';
import { noticeOf, redirectDone } from '../http/notices.js';
import { APP_PROBLEMS, Refused, type AppRefusal } from '../http/problems.js';
import { renderFiles, type Notice } from '../pages/index.js';
import { describeUsage } from '../quotas/describe-usage.js';
import { viewerOf } from '../sessions/require-session.js';
import { cleanIncoming, LEFTOVER_AGE_MS } from './clean-incoming.js';
import { deleteFile } from './delete-file.js';
import { nextPageUrl, readPageRequest } from '../http/list-page.js';
import { listFiles } from './own-files.js';
import { idOf } from '../http/path-id.js';
import { uploadForm, uploadRaw } from './upload.js';

export type Handler = (ctx: Context) => Promise<void> | void;
export type FileRoutes = ReturnType<typeof createFileRoutes>;

/** What the page says in place, beside the files; anything else is a page of its own. */
const SAID_IN_PLACE: ReadonlySet<AppRefusal> = new Set<AppRefusal>([
  'invalid-input',
  'too-large',
  'upload-broken-off',
  'storage-full',
  'quota-exceeded',
]);

export function createFileRoutes(context: AppContext) {
  const sweep = createSweep(context);

  return {
    /** `PUT /api/files?name=NAME` → 201 with the file. */
    apiUpload: async (ctx: Context) => {
      sweep();
      ctx.body = toJson(await uploadRaw(ctx, context));
      ctx.status = 201;
    },
    /** `GET /api/files` → `{ files, next? }`. */
    apiList: async (ctx: Context) => {
      const page = await listFiles(
        context.db,
        viewerOf(ctx).account.id,
        readPageRequest(ctx.query),
      );
      ctx.body = { files: page.rows.map(toJson), next: nextPageUrl('/api/files', page.next) };
    },
    /** `DELETE /api/files/:id` → 204. */
    apiDelete: async (ctx: Context) => {
      await deleteFile(context, viewerOf(ctx).account.id, idOf(ctx), actorOf(ctx));
      ctx.status = 204;
    },
    /** `GET /files`. */
    pageList: async (ctx: Context) => {
      await showFiles(ctx, context, noticeOf(ctx));
    },
    /** `POST /files`, multipart. */
    pageUpload: async (ctx: Context) => {
      sweep();
      try {
        await uploadForm(ctx, context);
      } catch (error) {
        if (!(error instanceof Refused) || !SAID_IN_PLACE.has(error.code)) throw error;
        await showRefusal(ctx, context, error);
        return;
      }
      redirectDone(ctx, '/files', 'uploaded');
    },
    /** `POST /files/:id/delete`. */
    pageDelete: async (ctx: Context) => {
      await deleteFile(context, viewerOf(ctx).account.id, idOf(ctx), actorOf(ctx));
      redirectDone(ctx, '/files', 'deleted');
    },
  } satisfies Record<string, Handler>;
}

/** The list with a refusal above it, under the refusal's own status. */
export async function showRefusal(
  ctx: Context,
  context: AppContext,
  { code, detail }: Refused,
): Promise<void> {
  const problem = APP_PROBLEMS[code];
  logFields(ctx, { refusal: code });
  const why = detail ?? problem.advice;
  // "Something in the request is not right" tells a person nothing that the detail does not.
  const text =
    code === 'invalid-input' && detail !== undefined ? detail : `${problem.title}. ${why}`;
  await showFiles(ctx, context, { kind: 'error', text });
  ctx.status = problem.status;
}

async function showFiles(ctx: Context, context: AppContext, notice?: Notice): Promise<void> {
  const { account } = viewerOf(ctx);
  const request = ctx.method === 'POST' ? readPageRequest({}) : readPageRequest(ctx.query);
  const { rows, next } = await listFiles(context.db, account.id, request);
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = renderFiles({
    assets: assetsOf(ctx),
    viewer: account,
    storage: await describeUsage(context, account.id),
    maxFileBytes: context.config.maxFileBytes,
    files: rows.map((file) => ({
      id: file.id,
      name: file.name,
      type: file.media_type,
      sizeBytes: file.size_bytes,
      sha256: file.sha256,
      createdAt: file.created_at,
    })),
    notice,
    nextPage: nextPageUrl('/files', next),
  });
}

function toJson(file: FileRecord) {
  return {
    id: file.id,
    name: file.name,
    size: file.size_bytes,
    type: file.media_type,
    sha256: file.sha256,
    createdAt: file.created_at.toISOString(),
  };
}

/**
 * What an upload that died with its process left behind is too young to be removed when the process
 * starts again, so uploads themselves look now and then.
 */
function createSweep({ config, log }: AppContext): () => void {
  let sweptAtMs = Date.now();
  return () => {
    if (Date.now() - sweptAtMs < LEFTOVER_AGE_MS) return;
    sweptAtMs = Date.now();
    cleanIncoming(config).catch((error: unknown) =>
      log.warn({ err: error }, 'left-over uploads could not be removed'),
    );
  };
}
