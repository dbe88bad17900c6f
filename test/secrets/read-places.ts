// What a system leaves behind where somebody could steal it: the dump of its database, everything of its Redis
// in memory and on disk, its directories. Read from outside, by the tools that an operator (or a thief) has.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Redis } from 'ioredis';
import { dumpDatabase } from '../support/postgres.js';
import type { Place } from './find-secrets.js';

/** How `startRedis` is to be asked for one whose files can be read: nothing compressed, every write kept. */
export const READABLE_REDIS = ['--rdbcompression', 'no', '--appendonly', 'yes'];

export async function readDatabase(databaseUrl: string): Promise<Place> {
  return { name: 'the dump of PostgreSQL', content: await dumpDatabase(databaseUrl) };
}

/** The event stream, each key with its value, the snapshot, and the log of all writes ever made. */
export async function readRedis(url: string): Promise<Place[]> {
  const redis = new Redis(url);
  try {
    const keys: Buffer[] = [];
    const events: Buffer[] = [];
    for (const key of await redis.keysBuffer('*')) {
      keys.push(key, (await redis.dumpBuffer(key)) ?? Buffer.alloc(0));
      if ((await redis.type(key)) === 'stream') {
        for (const [id, fields] of await redis.xrangeBuffer(key, '-', '+')) {
          events.push(id, ...fields, Buffer.from('\n'));
        }
      }
    }
    await redis.save();
    const [, directory = ''] = await redis.config('GET', 'dir');
    const files = await readFiles('the files of Redis', directory);
    if (!['dump.rdb', '.aof'].every((end) => files.some(({ name }) => name.endsWith(end)))) {
      throw new Error(`no snapshot or no log of writes in ${directory}`);
    }
    return [
      { name: 'the keys of Redis', content: Buffer.concat(keys) },
      { name: 'the event stream', content: Buffer.concat(events) },
      { name: 'the files of Redis', content: Buffer.concat(files.map(({ content }) => content)) },
    ];
  } finally {
    redis.disconnect();
  }
}

/** Every file below a directory, each a place, but for those whose path begins with one of `but`. */
export async function readFiles(
  name: string,
  directory: string,
  but: readonly string[] = [],
): Promise<Place[]> {
  const places: Place[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = relative(directory, join(entry.parentPath, entry.name));
    if (!entry.isFile() || but.some((begin) => path.startsWith(begin))) continue;
    const content = await readFile(join(directory, path));
    places.push({ name: `${name}, ${path}`, content: Buffer.concat([Buffer.from(path), content]) });
  }
  return places;
}
