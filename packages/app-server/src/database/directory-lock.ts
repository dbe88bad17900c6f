// One opener a PGlite directory: two lose each other's rows. The lock is a file that names its
// holder; a holder that is provably gone is succeeded, anything unsure is refused.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

interface Holder {
  nonce: string;
  pid: number;
  /** Tells a process from a later one with the same id; empty where /proc is not to be had. */
  startedAt: string;
  host: string;
}

/**
 * Takes the lock `path` and returns what gives it back.
 * @throws Error that says who holds it and what to do.
 */
export async function lockDirectory(path: string): Promise<() => Promise<void>> {
  const me: Holder = {
    nonce: randomUUID(),
    pid: process.pid,
    startedAt: startOf(process.pid),
    host: hostname(),
  };
  const mine = `${path}.${me.nonce}`;
  await writeFile(mine, JSON.stringify(me), { flag: 'wx', mode: 0o600 });
  try {
    while (!(await linked(mine, path))) await succeed(path, mine, me);
  } finally {
    await rm(mine, { force: true });
  }
  return async () => {
    if ((await readHolder(path))?.nonce === me.nonce) await rm(path, { force: true });
  };
}

/**
 * Removes a lock whose holder is gone. Exactly one successor may do so: the one that makes the file
 * named after the stale lock's nonce, and that still finds that same lock afterwards.
 */
async function succeed(path: string, mine: string, me: Holder): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined) return;
  if (!isGone(holder, me.host)) {
    throw new Error(
      `DATA_DIR: its database is already open in process ${holder.pid} on ${holder.host || 'an unknown host'}. ` +
        `Stop that process, set another DATA_DIR, or set DATABASE_URL to a PostgreSQL, which many ` +
        `processes can share. If it is certainly not running any more, delete ${path}`,
    );
  }
  const succession = `${path}.after-${holder.nonce}`;
  if (!(await linked(mine, succession))) {
    throw new Error(
      `DATA_DIR: another process is just opening its database. Try again; if that does not help, ` +
        `delete ${succession}`,
    );
  }
  try {
    if ((await readHolder(path))?.nonce === holder.nonce) {
      await rename(path, `${mine}.stale`);
      await rm(`${mine}.stale`);
    }
  } finally {
    await rm(succession, { force: true });
  }
}

/** A hard link is made whole or not at all, so that nobody reads half a lock. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { nonce, pid, startedAt, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof nonce === 'string' && Number.isInteger(pid) && typeof host === 'string') {
      return { nonce, pid: pid as number, startedAt: startedAt ?? '', host };
    }
  } catch {
    // Not ours, or damaged: nobody can tell who holds it.
  }
  return { nonce: '', pid: 0, startedAt: '', host: '' };
}

function isGone(holder: Holder, host: string): boolean {
  // A process id means nothing on another machine or in another container.
  if (holder.host !== host || holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const startedAt = startOf(holder.pid);
  return startedAt !== '' && holder.startedAt !== '' && startedAt !== holder.startedAt;
}

/** Field 22 of /proc/PID/stat, the start in clock ticks since boot; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
