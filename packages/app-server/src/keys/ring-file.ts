// The ring of keys as a file: one revision after the other, each written once and never changed. A revision is taken by
// linking its name, which the file system does for one writer alone: that, and no lock that could run out, decides
// between app servers and commands that change the ring at the same time.
import { randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isKeyId,
  isPublicPaserk,
  keyIdOf,
  type KeyId,
  type PublicPaserk,
} from '@claimcheck/shared/claim';
import { z } from 'zod';
import type { KeyRecord } from './key-life.js';

const REVISION_FILE = /^ring\.(\d{8})\.json$/;
/** Older ones are removed. A writer that slept through as many is still found out, by their numbers. */
const KEPT_REVISIONS = 50;

const instant = z.int().nonnegative();
const record = z
  .strictObject({
    id: z.custom<KeyId>(isKeyId),
    key: z.custom<PublicPaserk>((text) => typeof text === 'string' && isPublicPaserk(text)),
    secretFile: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    createdAtMs: instant,
    signsFromMs: instant,
    signsUntilMs: instant.nullable(),
    killedAtMs: instant.nullable(),
  })
  .refine(({ id, key }) => keyIdOf(key) === id, { message: 'the id is not that of the key' });

/** What was done to come from the revision before to this one. */
export const RING_CHANGES = [
  'key.made',
  'key.imported',
  'key.withdrawn',
  'key.killed',
  'key.forgotten',
  // The ring stays as it is: so that it is known what was done with secrets.
  'key.exported',
  'keys.rewrapped',
] as const;

const ringFile = z.strictObject({
  change: z.strictObject({
    action: z.enum(RING_CHANGES),
    ids: z.array(z.custom<KeyId>(isKeyId)),
    atMs: instant,
    by: z.enum(['server', 'schedule', 'command']),
  }),
  keys: z.array(record).min(1),
});

export type RingChange = z.infer<typeof ringFile>['change'];

export interface Ring {
  /** 0 when nothing has been written yet. */
  readonly revision: number;
  readonly keys: readonly KeyRecord[];
  readonly change: RingChange | undefined;
}

export const NO_RING: Ring = { revision: 0, keys: [], change: undefined };

/** The numbers of the revisions that are there, in order. */
export async function listRevisions(directory: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(directory)) {
    const found = REVISION_FILE.exec(name)?.[1];
    if (found !== undefined) numbers.push(Number(found));
  }
  return numbers.toSorted((a, b) => a - b);
}

/** @throws Error that names the file when it cannot be read or is not a ring. */
export async function readRevision(directory: string, revision: number): Promise<Ring> {
  const path = join(directory, fileOf(revision));
  const text = await readFile(path, 'utf8');
  const parsed = ringFile.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Error(`${path} is not a ring of keys: ${z.prettifyError(parsed.error)}`);
  return { revision, ...parsed.data };
}

/** The newest revision, or `NO_RING`. One that was removed meanwhile has a newer one after it. */
export async function readRing(directory: string): Promise<Ring> {
  for (;;) {
    const newest = (await listRevisions(directory)).at(-1);
    if (newest === undefined) return NO_RING;
    try {
      return await readRevision(directory, newest);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/**
 * Writes the revision after `before`. Returns it, or undefined when somebody else has written one meanwhile: then what
 * was decided from `before` is worth nothing, and has to be decided anew.
 */
export async function writeRing(
  directory: string,
  before: Ring,
  next: Pick<Ring, 'keys'> & { change: RingChange },
): Promise<Ring | undefined> {
  const revision = before.revision + 1;
  const path = join(directory, fileOf(revision));
  const temporary = join(directory, `.${randomUUID()}.new`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ change: next.change, keys: next.keys }, null, 2)}\n`);
    await file.sync();
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    await file.close();
    await rm(temporary);
  }
  const revisions = await listRevisions(directory);
  if ((revisions.at(-1) ?? revision) - revision >= KEPT_REVISIONS) {
    // This writer slept until its number had been used, and removed again.
    await rm(path, { force: true });
    return undefined;
  }
  for (const old of revisions.filter((number) => number <= revision - KEPT_REVISIONS)) {
    await rm(join(directory, fileOf(old)), { force: true });
  }
  return { revision, ...next };
}

function fileOf(revision: number): string {
  return `ring.${String(revision).padStart(8, '0')}.json`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
