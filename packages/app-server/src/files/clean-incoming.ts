// Removes what uploads left behind when a process died in the middle of them. Several app servers may
// share FILES_ROOT, so what was written to lately is left alone: another's upload may be under way.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppConfig } from '../config.js';
import { INCOMING } from './incoming.js';

/** Much longer than a connection may stand still before it is cut (`IDLE_SOCKET_MS`, server.ts). */
export const LEFTOVER_AGE_MS = 10 * 60 * 1000;

/**
 * Removes temporary files that nobody has written to for ten minutes.
 * @param nowMs by the clock of the file system, Unix milliseconds.
 * @returns how many were removed.
 */
export async function cleanIncoming(
  { filesRoot }: Pick<AppConfig, 'filesRoot'>,
  nowMs: number = Date.now(),
): Promise<number> {
  const directory = join(filesRoot, INCOMING);
  let removed = 0;
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const modifiedMs = await modifiedAt(path);
    if (modifiedMs === undefined || nowMs - modifiedMs < LEFTOVER_AGE_MS) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined when it has gone meanwhile: that upload has just been finished. */
async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
