// Starting and stopping the app server: directories, keys, database, the first administrator,
// what goes on beside the requests, and then the port. Whoever opened the ledger and Redis passes them in, and closes them.
import { listen, type Listening, type Running } from '@claimcheck/shared/http';
import type { Ledger, RedisConnection } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { sql } from 'kysely';
import { createPasswordHasher } from './accounts/password-hasher.js';
import { createApp } from './app.js';
import { checkDirectories } from './check-directories.js';
import type { AppConfig } from './config.js';
import type { IdentityContext } from './context.js';
import { openDatabase } from './database/open-database.js';
import { openHandOffPeers } from './hand-off/hand-off-peers.js';
import { openProvider } from './identity-provider/open-provider.js';
import { warnOfUncheckedStrength } from './identity-provider/proof-strength.js';
import { NO_METRICS, type AppMetrics } from './metrics.js';
import { cleanIncoming } from './files/clean-incoming.js';
import { createKeyStore } from './keys/key-store.js';
import { markBeforeFence } from './keys/revoke-keys.js';
import { openKeys } from './keys/tend-keys.js';
import { openWrapping } from './keys/wrapping.js';
import { loadLinkSecret } from './links/link-secret.js';
import { openPlaces } from './sessions/place-of-address.js';
import { listRoutes, type ListedRoute } from './openapi/list-routes.js';
import { createRedisSessionStore } from './sessions/redis-session-store.js';
import { startBackground } from './start-background.js';
import { createSqlSessionStore } from './sessions/sql-session-store.js';
import { ensureAdmin } from './sign-in/ensure-admin.js';
import { createSignInLimits, type SignInAllowances } from './sign-in/sign-in-limits.js';

export interface AppServerOptions {
  config: AppConfig;
  ledger: Ledger;
  /** For sessions and sign-in limits; without it both are this process's own, in SQL and memory. */
  redis?: RedisConnection | undefined;
  /** Prefix of the Redis keys, so that several systems can share a database. */
  redisPrefix?: string | undefined;
  log: Logger;
  /** Where to count; nowhere unless told. */
  metrics?: AppMetrics | undefined;
  /** Unix milliseconds. */
  now?: (() => number) | undefined;
  /** How often a sign-in may be tried, where it differs from the default. */
  signInAllowances?: Partial<SignInAllowances> | undefined;
}

export interface AppServer extends Running {
  port: number;
  /** Signs in the first administrator, once. To be shown to the operator, and to nobody else. */
  firstSignInLink: string | undefined;
  /** Every route it answers. */
  routes: readonly ListedRoute[];
}

/** A client that sends nothing for this long is cut off, also in the middle of an upload. */
const IDLE_SOCKET_MS = 2 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** @throws Error that names the variable to look at. Nothing is left open then. */
export async function startAppServer(options: AppServerOptions): Promise<AppServer> {
  const { config, log, metrics = NO_METRICS, now = Date.now } = options;
  await checkDirectories(config);
  const { directory, publishAheadSeconds, rotationDays } = config.keys;
  const wrapping = await openWrapping(config.keys.wrapping);
  const tending = await openKeys({
    store: createKeyStore(directory, wrapping),
    ledger: options.ledger,
    log,
    now,
    aheadMs: publishAheadSeconds * 1000,
    rotationMs: rotationDays === undefined ? undefined : rotationDays * DAY_MS,
  });
  const { keys } = tending;
  const ledger = markBeforeFence(options.ledger, () => keys.killed());
  const database = await openDatabase({ ...config, log });
  let background: ReturnType<typeof startBackground> | undefined;
  const handOffPeers = openHandOffPeers({
    settings: config.handOff,
    appOrigin: config.appOrigin,
    log,
    now,
  });
  try {
    const context: IdentityContext = {
      config,
      db: database.db,
      ledger,
      keys,
      log,
      linkDigest: await loadLinkSecret(directory, wrapping),
      metrics,
      now,
      passwords: await createPasswordHasher(config.hashConcurrency),
      provider: config.provider && openProvider({ settings: config.provider, log, now }),
      handOffPeers,
      placeOf: await openPlaces(config.geoipFile),
      ...identityStores(options, database.db),
    };
    await cleanIncoming(config);
    warnOfUncheckedStrength(config, log);
    const firstSignInLink = await ensureAdmin(context);
    background = startBackground(context, tending);
    let listening: Listening | undefined;
    const app = createApp(context, () => listening?.stopping ?? false);
    const answer = app.callback();
    listening = await listen((request, response) => answer(request, response), {
      host: config.host,
      port: config.port,
      portName: 'APP_PORT',
    });
    // Node's limit on a whole request (five minutes) would cut large uploads; idleness is the fault.
    listening.server.requestTimeout = 0;
    listening.server.setTimeout(IDLE_SOCKET_MS);
    metrics.observe({
      eventLagSeconds: () => background?.eventLagSeconds() ?? 0,
      checkLedger: () => ledger.check(),
      checkDatabase: () => sql`select 1`.execute(database.db),
      keyStanding: () => tending.standing(),
    });
    return {
      port: listening.port,
      firstSignInLink,
      routes: listRoutes(app),
      cut: () => listening?.cut(),
      stop: async () => {
        await listening?.stop();
        await background?.stop();
        await handOffPeers.close();
        await database.close();
      },
    };
  } catch (error) {
    await background?.stop();
    await handOffPeers.close();
    await database.close();
    throw error;
  }
}

function identityStores(options: AppServerOptions, db: IdentityContext['db']) {
  const { config, redis, redisPrefix: prefix = 'claimcheck:{app}:', signInAllowances } = options;
  const limits = {
    idleMs: config.sessionIdleSeconds * 1000,
    lifeMs: config.sessionLifeSeconds * 1000,
  };
  return {
    sessions:
      redis === undefined
        ? createSqlSessionStore(db, limits)
        : createRedisSessionStore({ redis, prefix, limits }),
    signInLimits: createSignInLimits({ redis, prefix, allowances: signInAllowances }),
  };
}
