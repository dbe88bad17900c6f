// PGlite, PostgreSQL inside this process, behind the small pool interface that Kysely asks for. There
// is one connection, so callers queue for it. The evaluation default: it does not wait for the disk,
// and a power cut may lose the last changes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite, types } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { explainDatabaseError } from './database-unavailable-error.js';
import { PGLITE_SETTINGS } from './pglite-settings.js';

const PARSERS = {
  [types.INT8]: Number,
  [types.BYTEA]: (hex: string) => Buffer.from(hex.slice(2), 'hex'),
};

/** Opens the database in `directory`, made when absent. The caller holds the directory's lock. */
export async function createPglitePool(directory: string): Promise<PostgresPool> {
  if (!existsSync(directory)) await createDirectory(directory);
  const database = await PGlite.create({ dataDir: directory, postgresqlconf: PGLITE_SETTINGS });
  let free: Promise<void> = Promise.resolve();

  async function query(statement: string, parameters: readonly unknown[]) {
    try {
      const result = await database.query(statement, [...parameters], { parsers: PARSERS });
      return { command: result.command, rowCount: result.rowCount ?? 0, rows: result.rows };
    } catch (error) {
      throw explainDatabaseError(error);
    }
  }

  return {
    connect: async () => {
      const before = free;
      const turn = newTurn();
      free = turn.over;
      await before;
      return { query, release: turn.end } as unknown as PostgresPoolClient;
    },
    end: async () => {
      await free;
      await database.close();
    },
  };
}

async function createDirectory(directory: string): Promise<void> {
  const program = fileURLToPath(new URL('create-pglite-directory.js', import.meta.url));
  await promisify(execFile)(process.execPath, [program, directory]);
}

function newTurn(): { over: Promise<void>; end: () => void } {
  let end: (() => void) | undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { over, end: () => end?.() };
}
