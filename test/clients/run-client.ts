// Runs a real download client in a folder of its own, without anything of the person's own settings.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from '../support/child.js';
import { waitFor } from '../support/wait-for.js';

/** What a client may take for a whole download, on a busy machine. */
const WITHIN_MS = 40_000;

export interface ClientFolder {
  path: string;
  /** Starts a program here. */
  start(program: string, ...args: string[]): Child;
  /** Runs it to its end, which is SIGKILL when it takes longer than a test has. */
  run(program: string, ...args: string[]): Promise<Run>;
  /** Resolves once a file here holds at least so many bytes. */
  holds(name: string, bytes: number): Promise<void>;
  sha256(name: string): Promise<string>;
  remove(): Promise<void>;
}

export interface Run {
  status: number | NodeJS.Signals;
  output: string;
}

export async function makeClientFolder(): Promise<ClientFolder> {
  const path = await mkdtemp(join(tmpdir(), 'claimcheck-client-'));
  const children: Child[] = [];

  function start(program: string, ...args: string[]): Child {
    // HOME: so that no .curlrc, .wgetrc or aria2.conf has a say.
    const env = { PATH: process.env['PATH'], HOME: path, LC_ALL: 'C.UTF-8' };
    const child = startChild(program, args, { cwd: path, env });
    children.push(child);
    return child;
  }

  return {
    path,
    start,
    run: async (program, ...args) => {
      const child = start(program, ...args);
      const late = setTimeout(() => void child.end('SIGKILL'), WITHIN_MS);
      const status = await child.ended;
      clearTimeout(late);
      return { status, output: child.output() };
    },
    holds: async (name, bytes) => {
      const size = async () => (await stat(join(path, name)).catch(() => ({ size: 0 }))).size;
      await waitFor(`${name} holds ${bytes} bytes`, async () => (await size()) >= bytes, WITHIN_MS);
    },
    sha256: async (name) => sha256(await readFile(join(path, name))),
    remove: async () => {
      for (const child of children) await child.end('SIGKILL');
      await rm(path, { recursive: true, force: true });
    },
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
