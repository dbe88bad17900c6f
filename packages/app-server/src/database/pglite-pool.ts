// PGlite, PostgreSQL inside this process, behind the small pool interface that Kysely asks for. There
// is one connection, so callers queue for it. The evaluation default: it does not wait for the disk,
// and a power cut may lose the last changes.
import { PGlite, types } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { explainDatabaseError } from './database-unavailable-error.js';

const PARSERS = {
  [types.INT8]: Number,
  [types.BYTEA]: (hex: string) => Buffer.from(hex.slice(2), 'hex'),
};

/** PostgreSQL's default of 128 MB would be resident twice over, for a database of a few thousand rows. */
const SETTINGS = ['shared_buffers = 8MB'];

/** Opens the database in `directory`, made when absent. The caller holds the directory's lock. */
export async function createPglitePool(directory: string): Promise<PostgresPool> {
  const database = await PGlite.create({ dataDir: directory, postgresqlconf: SETTINGS });
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

function newTurn(): { over: Promise<void>; end: () => void } {
  let end: (() => void) | undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { over, end: () => end?.() };
}
