// Step 3: from what the claim says of its file to an open handle that is proven to be that file. All that
// follows uses the handle, never the path again, so nobody can swap the file under a download.
// A small file on a quick local disk is opened while everything else waits, which costs a tenth of the way
// through the thread pool; everything else goes that way. The checks are the same.
import { fstat, readlinkSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { isStorageKey, type ClaimedFile } from '@claimcheck/shared/claim';
import type { FilesRoot } from './files-root.js';
import { openHandle, openHandleNow, type OpenHandle } from './open-handle.js';
import { Refused } from './problems.js';

/** Files up to this many bytes are small: read in one piece, before the burn. */
export const SMALL_FILE_BYTES = 64 * 1024;

/** There is no such file, or it is a link or a socket. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENODEV', 'ENAMETOOLONG']);
/** This machine has run out of something that it will have again. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** The file as it was found, by its open handle. The caller closes it. */
export interface OpenedFile {
  handle: OpenHandle;
  size: number;
  modifiedAtMs: number;
}

/**
 * Opens the claimed file.
 * @throws Refused `file-missing` when there is no regular file at exactly `root/key`, `file-changed` when
 *   its size or time is not the claim's, `busy` when there are no descriptors left.
 */
export function openFile(root: FilesRoot, claimed: ClaimedFile): OpenedFile | Promise<OpenedFile> {
  if (!isStorageKey(claimed.key)) throw new Refused('file-missing', { reason: 'unsafe-key' });
  const path = join(root.path, claimed.key);
  const atOnce = claimed.size <= SMALL_FILE_BYTES && root.tellsOpenedPath && root.pace.mayBlock();
  return atOnce
    ? root.pace.timed(() => openNow(root, path, claimed))
    : openThroughPool(root, path, claimed);
}

function openNow(root: FilesRoot, path: string, claimed: ClaimedFile): OpenedFile {
  const handle = refusingWhatCannotBeOpened(() => openHandleNow(path));
  try {
    const stats = handle.statNow();
    if (stats.dev !== root.device) root.pace.neverBlock();
    return proven(handle, stats, isInPlace(root, handle, path, stats), claimed);
  } catch (error) {
    void handle.close();
    throw error;
  }
}

async function openThroughPool(
  root: FilesRoot,
  path: string,
  claimed: ClaimedFile,
): Promise<OpenedFile> {
  const handle = await openHandle(path).catch(refuseWhatCannotBeOpened);
  try {
    const stats = await handle.stat();
    const inPlace = root.tellsOpenedPath
      ? isInPlace(root, handle, path, stats)
      : stats.isFile() && (await isReachedWithoutLinks(handle, path, root.path));
    return proven(handle, stats, inPlace, claimed);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The open file, once it is the one that the claim means. */
function proven(
  handle: OpenHandle,
  stats: Stats,
  inPlace: boolean,
  claimed: ClaimedFile,
): OpenedFile {
  if (!stats.isFile()) throw new Refused('file-missing', { reason: 'not-a-file' });
  if (!inPlace) throw new Refused('file-missing', { reason: 'reached-by-a-link' });
  const file = { handle, size: stats.size, modifiedAtMs: Math.trunc(stats.mtimeMs) };
  if (file.size !== claimed.size) throw new Refused('file-changed', { reason: 'size' });
  if (file.modifiedAtMs !== claimed.mtime) throw new Refused('file-changed', { reason: 'mtime' });
  return file;
}

function refusingWhatCannotBeOpened(open: () => OpenHandle): OpenHandle {
  try {
    return open();
  } catch (error) {
    return refuseWhatCannotBeOpened(error);
  }
}

function refuseWhatCannotBeOpened(error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (MISSING.has(code)) throw new Refused('file-missing', { reason: code, cause: error });
  if (EXHAUSTED.has(code)) throw new Refused('busy', { reason: code, cause: error });
  throw error;
}

/**
 * Whether no link was followed on the way: Linux says under which path a descriptor was opened, which no
 * later swap can change. The read is of memory, hence synchronous.
 */
function isOpenedAt(handle: OpenHandle, path: string): boolean {
  return readlinkSync(`/proc/self/fd/${handle.fd}`) === path;
}

/** The same, asked once for each file as long as that file stays as it is. */
function isInPlace({ places }: FilesRoot, handle: OpenHandle, path: string, stats: Stats): boolean {
  if (places.isKnown(path, stats)) return true;
  const inPlace = isOpenedAt(handle, path);
  if (inPlace) places.note(path, stats);
  return inPlace;
}

/**
 * The same on other systems: the way is walked, and the file at its end compared with the handle. Enough
 * unless somebody who can write below the root swaps a directory away and back within that walk.
 * Exported for its test, which runs on systems where it is not the way taken.
 */
export async function isReachedWithoutLinks(
  handle: { readonly fd: number },
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
    promisify(fstat)(handle.fd, { bigint: true }),
  ]);
  return atPath.isFile() && atPath.ino === opened.ino && atPath.dev === opened.dev;
}
