// From a request body to a whole file on disk under a temporary name: counted, hashed and synced on
// the way. It knows nothing of accounts or tables. Whatever goes wrong, nothing is left behind.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Refused } from '../http/problems.js';

/** Below FILES_ROOT, so that the rename at the end stays on one file system. */
export const INCOMING = '.incoming';

/** Readable by the group too: the download servers may run as another user. */
const FILE_MODE = 0o640;

export interface Incoming {
  path: string;
  sizeBytes: number;
  sha256: Buffer;
  /** Modification time on disk, whole Unix milliseconds, as `fil.mtime` of a claim has it. */
  mtimeMs: number;
}

/** How long a body may be, and what a longer one is told. */
export interface SizeLimit {
  maxBytes: number;
  refuse: () => Refused;
}

/**
 * Writes a body into `.incoming` and syncs it. The body is not destroyed on failure: the caller
 * still has to answer on its connection.
 * @throws what `refuse` gives beyond `maxBytes`; Refused `upload-broken-off` when the body fails or ends
 *   early, `storage-full` when the disk has no room.
 */
export async function writeIncoming(
  filesRoot: string,
  body: Readable,
  { maxBytes, refuse }: SizeLimit,
): Promise<Incoming> {
  const directory = join(filesRoot, INCOMING);
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const path = join(directory, randomUUID());
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.chmod(FILE_MODE);
    const written = await copy(body, file, { maxBytes, refuse });
    await file.sync();
    const { mtimeMs } = await file.stat();
    return { path, ...written, mtimeMs: Math.trunc(mtimeMs) };
  } catch (error) {
    await rm(path, { force: true });
    throw explain(error);
  } finally {
    await file.close();
  }
}

async function copy(body: Readable, file: FileHandle, { maxBytes, refuse }: SizeLimit) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunksOf(body)) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw refuse();
    // The disk writes in the thread pool while this thread hashes.
    const writing = writeAll(file, chunk);
    hash.update(chunk);
    await writing;
  }
  return { sizeBytes, sha256: hash.digest() };
}

/** The body's chunks; a failure of the body, unlike one of the disk, comes out as a broken-off upload. */
async function* chunksOf(body: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new Refused('upload-broken-off', undefined, { cause: error });
  }
}

/** One `write` may take less than it was given. */
async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  let offset = 0;
  while (offset < chunk.length) {
    offset += (await file.write(chunk, offset, chunk.length - offset)).bytesWritten;
  }
}

export function tooLarge(maxBytes: number): Refused {
  return new Refused('too-large', `A file may have at most ${maxBytes} bytes. Nothing was kept.`);
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function explain(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || !NO_ROOM.has(code)) return error;
  return new Refused('storage-full', undefined, { cause: error });
}
