// Storing an upload: body → temporary file → its place below FILES_ROOT → row. In this order a row
// never names half a file, and a name in the catalogue is never given to bytes that were not synced.
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { AppContext } from '../context.js';
import { newId, STORAGE_KEY_BYTES } from '../database/new-id.js';
import type { FileRecord } from '../database/schema.js';
import { checkFileQuota, noRoomLeft, takeFileQuota } from '../quotas/check-file-quota.js';
import { tooLarge, writeIncoming, type Incoming, type SizeLimit } from './incoming.js';

export interface Upload {
  ownerId: string;
  by: Actor;
  /** Checked by `checkFileName`. */
  name: string;
  mediaType: string;
  body: Readable;
  /** What the client said the size is, in bytes: an oversize body is then refused unread. */
  statedBytes?: number | undefined;
}

/**
 * Stores one upload and returns its row.
 * @throws Refused `too-large`, `quota-exceeded`, and as `writeIncoming` does; in every case nothing of the upload is kept.
 */
export async function storeFile(
  deps: Pick<AppContext, 'config' | 'db' | 'now'>,
  upload: Upload,
): Promise<FileRecord> {
  const { filesRoot } = deps.config;
  const incoming = await writeIncoming(filesRoot, upload.body, await limitOf(deps, upload));
  const storageKey = newId(STORAGE_KEY_BYTES);
  const place = join(filesRoot, storageKey);
  try {
    await rename(incoming.path, place);
    await syncDirectory(filesRoot);
    return await writeRow(deps, upload, { ...incoming, storageKey });
  } catch (error) {
    await rm(incoming.path, { force: true });
    await rm(place, { force: true });
    throw error;
  }
}

/** What the server takes of anybody, or what this account has left, whichever is less. */
async function limitOf(
  { config, db }: Pick<AppContext, 'config' | 'db'>,
  { ownerId, statedBytes = 0 }: Upload,
): Promise<SizeLimit> {
  const { maxFileBytes } = config;
  if (statedBytes > maxFileBytes) throw tooLarge(maxFileBytes);
  const left = await checkFileQuota({ config, db }, ownerId, statedBytes);
  return left === null || left >= maxFileBytes
    ? { maxBytes: maxFileBytes, refuse: () => tooLarge(maxFileBytes) }
    : { maxBytes: left, refuse: () => noRoomLeft(left) };
}

async function writeRow(
  { config, db, now }: Pick<AppContext, 'config' | 'db' | 'now'>,
  { ownerId, by, name, mediaType }: Upload,
  stored: Incoming & { storageKey: string },
): Promise<FileRecord> {
  const { sizeBytes: bytes } = stored;
  return await db.transaction().execute(async (transaction) => {
    await takeFileQuota({ config, db: transaction }, ownerId, bytes);
    const file = await transaction
      .insertInto('file')
      .values({
        id: newId(),
        owner_id: ownerId,
        storage_key: stored.storageKey,
        name,
        media_type: mediaType,
        size_bytes: bytes,
        sha256: stored.sha256.toString('hex'),
        mtime_ms: stored.mtimeMs,
        created_at: new Date(now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const fact = { ...by, action: 'file.uploaded', subject: `file:${file.id}` } as const;
    await recordAudit(transaction, { ...fact, details: { name, bytes } }, now());
    return file;
  });
}

/** A rename survives a power cut only once the directory that holds the name is synced too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
