// The two ways a file comes in, both through `storeFile`: the raw body of a PUT, and the multipart
// form of the page for those without script.
import type { Context } from 'koa';
import { actorOf } from '../audit/actor-of.js';
import type { AppContext } from '../context.js';
import type { FileRecord } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { viewerOf } from '../sessions/require-session.js';
import { checkFileName, mediaTypeOf } from './file-name.js';
import { leaveBody } from './leave-body.js';
import { receiveForm } from './receive-form.js';
import { storeFile } from './store-file.js';

/**
 * `PUT /api/files?name=NAME`: the body is the file.
 * @throws Refused for a wrong name, a coded or partial body, and as `storeFile` does.
 */
export async function uploadRaw(ctx: Context, context: AppContext): Promise<FileRecord> {
  const { account } = viewerOf(ctx);
  return await reading(ctx, async () => {
    const name = checkFileName(ctx.query['name']);
    refuseCodedBody(ctx);
    return await storeFile(context, {
      ownerId: account.id,
      by: actorOf(ctx),
      name,
      mediaType: mediaTypeOf(ctx.get('Content-Type')),
      body: ctx.req,
      statedBytes: ctx.request.length,
    });
  });
}

/**
 * `POST /files`: every file of the form, in its order. One that is refused ends the upload; those
 * before it stay, and the refusal says so.
 */
export async function uploadForm(ctx: Context, context: AppContext): Promise<FileRecord[]> {
  const { account } = viewerOf(ctx);
  const stored: FileRecord[] = [];
  await reading(ctx, async () => {
    const chosen = await receiveForm(ctx.req, async ({ name, type, body }) => {
      try {
        checkFileName(name);
        const whose = { ownerId: account.id, by: actorOf(ctx) };
        const upload = { ...whose, name, mediaType: mediaTypeOf(type), body };
        stored.push(await storeFile(context, upload));
      } catch (error) {
        throw naming(error, name, stored.length);
      }
    });
    if (chosen === 0) throw new Refused('invalid-input', 'file: choose at least one file');
  });
  return stored;
}

/** A refusal in the middle of a body leaves it in a way that lets the answer arrive. */
async function reading<T>(ctx: Context, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    leaveBody(ctx.req);
    throw error;
  }
}

/**
 * A coded body would be stored as it came, which is not the file (RFC 9110 section 8.4), and a part
 * must not be taken for the whole (section 14.5).
 */
function refuseCodedBody(ctx: Context): void {
  const coding = ctx.get('Content-Encoding');
  if (coding !== '' && coding.toLowerCase() !== 'identity') {
    throw new Refused('unsupported-media-type', 'Send the file without Content-Encoding.');
  }
  if (ctx.get('Content-Range') !== '') {
    throw new Refused('invalid-input', 'Content-Range: send the whole file');
  }
}

/** In a form of several files a refusal has to say which one it means. */
function naming(error: unknown, name: string, storedBefore: number): unknown {
  if (!(error instanceof Refused)) return error;
  const shown = name
    .replaceAll(/\p{Cc}/gu, '·')
    .slice(0, 100)
    .toWellFormed();
  const kept = storedBefore === 0 ? '' : ` The ${storedBefore} before it in the form were kept.`;
  return new Refused(
    error.code,
    `“${shown}”: ${error.detail?.replace(/^name: /, '') ?? 'nothing of it was kept.'}${kept}`,
    { cause: error },
  );
}
