// Step 3: from what the claim says of its file to an open handle that is proven to be that file. All that
// follows uses the handle, never the path again, so nobody can swap the file under a download.
// Through promises, at some 50 µs more than the synchronous calls: on a cold or network disk those would
// stop every other download for as long as the disk takes.
import { constants, readlinkSync } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isStorageKey, type ClaimedFile } from '@claimcheck/shared/claim';
import type { FilesRoot } from './files-root.js';
import { Refused } from './problems.js';

/** O_NOFOLLOW: not through a link at the end. O_NONBLOCK: a FIFO must not wait for its writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** There is no such file, or it is a link or a socket. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENODEV', 'ENAMETOOLONG']);
/** This machine has run out of something that it will have again. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** The file as it was found, by its open handle. The caller closes it. */
export interface OpenedFile {
  handle: FileHandle;
  size: number;
  modifiedAtMs: number;
}

/**
 * Opens the claimed file.
 * @throws Refused `file-missing` when there is no regular file at exactly `root/key`, `file-changed` when
 *   its size or time is not the claim's, `busy` when there are no descriptors left.
 */
export async function openFile(root: FilesRoot, claimed: ClaimedFile): Promise<OpenedFile> {
  if (!isStorageKey(claimed.key)) throw new Refused('file-missing', { reason: 'unsafe-key' });
  const path = join(root.path, claimed.key);
  const handle = await openHandle(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Refused('file-missing', { reason: 'not-a-file' });
    if (!(await wasOpenedAt(handle, path, root))) {
      throw new Refused('file-missing', { reason: 'reached-by-a-link' });
    }
    const file = { handle, size: stats.size, modifiedAtMs: Math.trunc(stats.mtimeMs) };
    if (file.size !== claimed.size) throw new Refused('file-changed', { reason: 'size' });
    if (file.modifiedAtMs !== claimed.mtime) throw new Refused('file-changed', { reason: 'mtime' });
    return file;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openHandle(path: string): Promise<FileHandle> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (MISSING.has(code)) throw new Refused('file-missing', { reason: code, cause: error });
    if (EXHAUSTED.has(code)) throw new Refused('busy', { reason: code, cause: error });
    throw error;
  }
}

/**
 * Whether no link was followed on the way. Linux says under which path a descriptor was opened, which no
 * later swap can change (the read is of memory, hence synchronous). Elsewhere the way is walked, and the
 * file at its end compared with the handle: enough unless somebody who can write below the root swaps a
 * directory away and back within that walk.
 */
async function wasOpenedAt(handle: FileHandle, path: string, root: FilesRoot): Promise<boolean> {
  if (root.tellsOpenedPath) return readlinkSync(`/proc/self/fd/${handle.fd}`) === path;
  return await isReachedWithoutLinks(handle, path, root.path);
}

/** Exported for its test, which runs on systems where it is not the way taken. */
export async function isReachedWithoutLinks(
  handle: FileHandle,
  path: string,
  root: string,
): Promise<boolean> {
  const segments = path.slice(root.length).split(sep).filter(Boolean);
  let way = root;
  for (const segment of segments.slice(0, -1)) {
    way = join(way, segment);
    if (!(await lstat(way)).isDirectory()) return false;
  }
  const [atPath, opened] = await Promise.all([
    lstat(path, { bigint: true }),
    handle.stat({ bigint: true }),
  ]);
  return atPath.isFile() && atPath.ino === opened.ino && atPath.dev === opened.dev;
}
