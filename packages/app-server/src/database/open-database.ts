// Opens the database that the configuration names, PostgreSQL or the embedded PGlite, and brings its
// tables up to date. Same dialect, same queries; nothing outside this folder knows which it is.
import { join } from 'node:path';
import { Kysely, Migrator, PostgresDialect, type PostgresPool } from 'kysely';
import type { Logger } from '@claimcheck/shared/log';
import { lockDirectory } from './directory-lock.js';
import { migrations } from './migrations.js';
import { createPglitePool } from './pglite-pool.js';
import { createPostgresPool } from './postgres-pool.js';
import type { Schema } from './schema.js';

export interface OpenDatabase {
  db: Kysely<Schema>;
  /** Waits for running statements, closes, and gives the directory back. */
  close: () => Promise<void>;
}

export interface DatabaseOptions {
  databaseUrl: string | undefined;
  /** Where PGlite keeps its files when there is no DATABASE_URL. */
  dataDir: string;
  log: Logger;
}

/** @throws Error that names the variable to look at when it cannot be opened or migrated. */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const { databaseUrl, dataDir, log } = options;
  const unlock =
    databaseUrl === undefined ? await lockDirectory(join(dataDir, 'db.lock')) : async () => {};
  let pool: PostgresPool | undefined;
  try {
    pool =
      databaseUrl === undefined
        ? await createPglitePool(join(dataDir, 'db'))
        : createPostgresPool(databaseUrl, log);
    const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    await migrate(db);
    return {
      db,
      close: async () => {
        await db.destroy();
        await unlock();
      },
    };
  } catch (error) {
    await pool?.end().catch(() => {});
    await unlock();
    const cause = deepest(error);
    const name = databaseUrl === undefined ? 'DATA_DIR' : 'DATABASE_URL';
    throw new Error(`${name}: the database could not be opened: ${cause}`, { cause: error });
  }
}

/**
 * Runs what has not been run yet, all in one transaction. Kysely's lock (an advisory lock on
 * PostgreSQL) lets app servers that start at the same time wait for each other.
 */
async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

/** The message of the first cause: the operator needs "ECONNREFUSED", not "did not answer". */
function deepest(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause !== undefined) current = current.cause;
  if (current instanceof AggregateError) current = current.errors[0];
  return current instanceof Error ? current.message : String(current);
}
