// PostgreSQL connections for Kysely. Every wait is bounded, because a request must hear "not now"
// within seconds when the database is away.
import { Pool, TypeOverrides, types, type PoolClient } from 'pg';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Logger } from '@claimcheck/shared/log';
import { explainDatabaseError } from './database-unavailable-error.js';

const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 10_000;

/** Opens a pool; nothing is connected before the first query. `end()` closes it. */
export function createPostgresPool(url: string, log: Logger): PostgresPool {
  const parsers = new TypeOverrides();
  // Sizes and modification times stay far below 2^53.
  parsers.setTypeParser(types.builtins.INT8, Number);
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The client's own limit comes later: it is for a server that no longer answers at all.
    query_timeout: STATEMENT_TIMEOUT_MS + 1000,
    keepAlive: true,
    application_name: 'claimcheck-app-server',
    types: parsers,
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end
  // the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'));

  return {
    connect: async () => {
      try {
        return explainQueries(await pool.connect());
      } catch (error) {
        throw explainDatabaseError(error);
      }
    },
    end: () => pool.end(),
  };
}

const explained = new WeakMap<PoolClient, PostgresPoolClient>();

/** One wrapper a connection, always the same: Kysely knows connections by their identity. */
function explainQueries(client: PoolClient): PostgresPoolClient {
  const known = explained.get(client);
  if (known !== undefined) return known;
  let broken: Error | undefined;
  client.on('error', (error) => (broken = error));
  const wrapper = {
    query: async (statement: string, parameters: readonly unknown[]) => {
      try {
        return await client.query(statement, [...parameters]);
      } catch (error) {
        const explanation = explainDatabaseError(error);
        // Whatever a connection that did not answer may still say, nobody must take it for the
        // answer to something else.
        if (explanation !== error) broken = error as Error;
        throw explanation;
      }
    },
    release: () => client.release(broken),
  } as unknown as PostgresPoolClient;
  explained.set(client, wrapper);
  return wrapper;
}
