// The one directory that files are served from, resolved at start: what it was a link to then is what it
// stays. A root that cannot be used stops the start, since every claim would look like a lost file.
import { constants, openSync, closeSync, readlinkSync } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { createDiskPace, isOnLocalFileSystem, type DiskPace } from './disk-pace.js';
import { createKnownPlaces, type KnownPlaces } from './known-places.js';

export interface FilesRoot {
  /** Absolute, without any link in it. */
  path: string;
  /** Whether the system tells which path a descriptor was opened under (Linux with /proc). */
  tellsOpenedPath: boolean;
  /** `st_dev` of the root: a file with another one lies on something that is mounted below it. */
  device: number;
  pace: DiskPace;
  places: KnownPlaces;
}

/** @throws Error that names FILES_ROOT and says what is wrong with it. */
export async function resolveFilesRoot(directory: string): Promise<FilesRoot> {
  const refuse = (why: string, cause?: unknown) =>
    new Error(`FILES_ROOT is ${directory}, ${why}`, { cause });
  let path: string;
  try {
    path = await realpath(directory);
  } catch (error) {
    throw refuse('which does not exist or cannot be reached; create it, or name another', error);
  }
  const stats = await stat(path);
  if (!stats.isDirectory()) throw refuse('which is not a directory');
  try {
    await access(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw refuse('which this user may not read', error);
  }
  return {
    path,
    tellsOpenedPath: tellsOpenedPath(path),
    device: stats.dev,
    pace: createDiskPace({ isLocal: isOnLocalFileSystem(path) }),
    places: createKnownPlaces(),
  };
}

function tellsOpenedPath(directory: string): boolean {
  if (process.platform !== 'linux') return false;
  const descriptor = openSync(directory, constants.O_RDONLY);
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === directory;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}
