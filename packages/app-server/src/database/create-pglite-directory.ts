// An executable: `node create-pglite-directory.js DIRECTORY`. Making a database needs half a gigabyte
// that WebAssembly never gives back, so it happens in a process of its own, once; the directory gets its
// name when it is whole, so that an interrupted start leaves nothing half made behind.
import { rename, rm } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { PGLITE_SETTINGS } from './pglite-settings.js';

const [, , directory = ''] = process.argv;
const unfinished = `${directory}.new`;
await rm(unfinished, { recursive: true, force: true });
const database = await PGlite.create({ dataDir: unfinished, postgresqlconf: PGLITE_SETTINGS });
await database.close();
await rename(unfinished, directory);
