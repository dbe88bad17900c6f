// From a URL to a ledger that is known to be fit, with one log line a change of its state: how the
// servers' executables open theirs.
import type { Redis } from 'ioredis';
import type { Logger } from '../log.js';
import { UnsuitableRedisError } from './check-redis-server.js';
import type { Ledger } from './ledger.js';
import { connectRedis } from './redis-connection.js';
import { createRedisLedger } from './redis-ledger.js';

export interface OpenLedger {
  ledger: Ledger;
  redis: Redis;
  /** Ends the connection; what is still running on it is refused. */
  close: () => Promise<void>;
}

const FIRST_ANSWER_WITHIN_MS = 3000;

/**
 * Opens the ledger at a Redis URL. A Redis that is away is no reason to fail: the server starts,
 * refuses with 503 and recovers by itself.
 * @throws UnsuitableRedisError when Redis answers, but must not be used as a ledger.
 */
export async function openRedisLedger(url: string, log: Logger): Promise<OpenLedger> {
  let away = false;
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
  });
  const ledger = createRedisLedger({
    redis,
    onUnsuitable: (error) =>
      log.error({ reason: error.message }, 'Redis is unfit to be the ledger'),
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
async function firstAnswer(ledger: Ledger, redis: Redis): Promise<void> {
  const ready = new Promise<void>((resolve) => redis.once('ready', resolve));
  const patience = new Promise<void>((resolve) => {
    setTimeout(resolve, FIRST_ANSWER_WITHIN_MS).unref();
  });
  await Promise.race([ready, patience]);
  await ledger.check().catch((error: unknown) => {
    if (error instanceof UnsuitableRedisError) throw error;
  });
}
