// From a URL to a ledger that is known to be fit, with one log line a change of its state: how the
// servers' executables open theirs.
import type { Logger } from '../log.js';
import { UnsuitableRedisError, type LedgerService } from './check-redis-server.js';
import type { Ledger } from './ledger.js';
import { connectRedis, type RedisConnection } from './redis-connection.js';
import { createRedisLedger } from './redis-ledger.js';
import { parseRedisUrl } from './redis-target.js';

export interface OpenLedger {
  ledger: Ledger;
  redis: RedisConnection;
  /** Ends the connection; what is still running on it is refused. */
  close: () => Promise<void>;
}

const FIRST_ANSWER_WITHIN_MS = 3000;

/**
 * Opens the ledger at a Redis URL. A Redis that is away is no reason to fail: the server starts,
 * refuses with 503 and recovers by itself.
 * @param url as `parseRedisUrl` takes it
 * @throws UnsuitableRedisError when Redis answers, but must not be used as a ledger; Error when the
 *   URL cannot be read.
 */
export async function openRedisLedger(
  url: string,
  log: Logger,
  service?: LedgerService,
): Promise<OpenLedger> {
  const { fence } = parseRedisUrl(url);
  let away = false;
  let unfit = '';
  const redis = connectRedis(url, (error) => {
    if (!away)
      log.error(
        { reason: error.message },
        'Redis is away: claims are refused with 503 until it is back',
      );
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
    unfit = '';
  });
  const ledger = createRedisLedger({
    redis,
    fence,
    ...(service === undefined ? {} : { service }),
    onUnsuitable: (error) => {
      if (error.message !== unfit)
        log.error({ reason: error.message }, 'Redis is unfit to be the ledger');
      unfit = error.message;
    },
  });
  const close = async () => {
    await ledger.close();
    redis.disconnect();
  };
  try {
    await firstAnswer(ledger, redis);
  } catch (error) {
    await close();
    throw error;
  }
  return { ledger, redis, close };
}

/** Waits for the connection, not long, and rejects only for a Redis that must not be used. */
async function firstAnswer(ledger: Ledger, redis: RedisConnection): Promise<void> {
  const ready = new Promise<void>((resolve) => redis.once('ready', resolve));
  const patience = new Promise<void>((resolve) => {
    setTimeout(resolve, FIRST_ANSWER_WITHIN_MS).unref();
  });
  await Promise.race([ready, patience]);
  await ledger.check().catch((error: unknown) => {
    if (error instanceof UnsuitableRedisError) throw error;
  });
}
