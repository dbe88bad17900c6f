// Can the directories be made and written? Asked at start, since the first upload is a bad moment to
// find out.
import { mkdir, open, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AppConfig } from './config.js';

/** @throws Error that names the variable, the directory and the system's reason. */
export async function checkDirectories({ dataDir, filesRoot }: AppConfig): Promise<void> {
  await checkDirectory('DATA_DIR', dataDir, 0o700);
  await checkDirectory('FILES_ROOT', filesRoot, 0o750);
}

async function checkDirectory(variable: string, path: string, mode: number): Promise<void> {
  const probe = join(path, `.probe-${randomUUID()}`);
  try {
    await mkdir(path, { recursive: true, mode });
    await (await open(probe, 'wx', 0o600)).close();
    await rm(probe);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${variable}: the directory ${path} cannot be written: ${reason}`, {
      cause: error,
    });
  }
}
