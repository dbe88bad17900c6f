// Is what lies on disk still what was uploaded? Asked at each mint, so that a claim is never given
// out for bytes the download server would refuse. A touched but equal file (restored from a backup,
// copied to another disk) is hashed once and then believed again.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AppContext } from '../context.js';
import type { FileRecord } from '../database/schema.js';
import { Refused } from '../http/problems.js';

/** Returns a function that gives the file's modification time on disk, Unix milliseconds. */
export function createStoredFileCheck({ config, db }: Pick<AppContext, 'config' | 'db'>) {
  /** Hashing reads the whole file: however many ask at once, it is done once. */
  const hashing = new Map<string, Promise<number>>();

  /** @throws Refused `file-missing`, or `file-changed` when size, kind or content is another. */
  return async function checkStoredFile(file: FileRecord): Promise<number> {
    const path = join(config.filesRoot, file.storage_key);
    const found = await statFile(path);
    if (!found.isFile() || found.size !== file.size_bytes) throw new Refused('file-changed');
    if (Math.trunc(found.mtimeMs) === file.mtime_ms) return file.mtime_ms;
    let running = hashing.get(file.id);
    if (running === undefined) {
      running = compareContent(path, file).finally(() => hashing.delete(file.id));
      hashing.set(file.id, running);
    }
    return await running;
  };

  async function compareContent(path: string, file: FileRecord): Promise<number> {
    const { sha256, mtimeMs } = await hashFile(path);
    if (sha256 !== file.sha256) throw new Refused('file-changed');
    await db.updateTable('file').set({ mtime_ms: mtimeMs }).where('id', '=', file.id).execute();
    return mtimeMs;
  }
}

async function statFile(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    throw explain(error);
  }
}

/** The time is read before the content: bytes written meanwhile make the next check hash again. */
async function hashFile(path: string): Promise<{ sha256: string; mtimeMs: number }> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    throw explain(error);
  }
  try {
    const { mtimeMs } = await file.stat();
    const hash = createHash('sha256');
    await pipeline(file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }), hash);
    return { sha256: hash.digest('hex'), mtimeMs: Math.trunc(mtimeMs) };
  } finally {
    await file.close();
  }
}

function explain(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new Refused('file-missing', undefined, { cause: error });
  if (code === 'ELOOP') return new Refused('file-changed', undefined, { cause: error });
  return error;
}
