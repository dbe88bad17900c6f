// Storing an upload: body → temporary file → its place below FILES_ROOT → row. In this order a row
// never names half a file, and a name in the catalogue is never given to bytes that were not synced.
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { AppContext } from '../context.js';
import { newId, STORAGE_KEY_BYTES } from '../database/new-id.js';
import type { FileRecord } from '../database/schema.js';
import { tooLarge, writeIncoming } from './incoming.js';

export interface Upload {
  ownerId: string;
  /** Checked by `checkFileName`. */
  name: string;
  mediaType: string;
  body: Readable;
  /** What the client said the size is, in bytes: an oversize body is then refused unread. */
  statedBytes?: number | undefined;
}

/**
 * Stores one upload and returns its row.
 * @throws Refused as `writeIncoming` does; in every case nothing of the upload is kept.
 */
export async function storeFile(
  { config, db, now }: Pick<AppContext, 'config' | 'db' | 'now'>,
  upload: Upload,
): Promise<FileRecord> {
  const { filesRoot, maxFileBytes } = config;
  if ((upload.statedBytes ?? 0) > maxFileBytes) throw tooLarge(maxFileBytes);
  const incoming = await writeIncoming(filesRoot, upload.body, maxFileBytes);
  const storageKey = newId(STORAGE_KEY_BYTES);
  const place = join(filesRoot, storageKey);
  try {
    await rename(incoming.path, place);
    await syncDirectory(filesRoot);
    return await db
      .insertInto('file')
      .values({
        id: newId(),
        owner_id: upload.ownerId,
        storage_key: storageKey,
        name: upload.name,
        media_type: upload.mediaType,
        size_bytes: incoming.sizeBytes,
        sha256: incoming.sha256.toString('hex'),
        mtime_ms: incoming.mtimeMs,
        created_at: new Date(now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    await rm(incoming.path, { force: true });
    await rm(place, { force: true });
    throw error;
  }
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
