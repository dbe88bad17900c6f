// One Redis connection as this system needs it: an outage is seen within a second and nothing is
// ever queued behind it, because a burn that is executed later than its request was answered would
// cost a claim for nothing. ioredis's defaults do the opposite.
import { Redis } from 'ioredis';

/**
 * How long one command may take before its caller is told that Redis is away, in milliseconds.
 * With automatic pipelining a command may wait once for the pipeline before it, so that an outage
 * is seen within twice this.
 */
export const COMMAND_TIMEOUT_MS = 400;

const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 200;
const LONGEST_RETRY_DELAY_MS = 500;

/**
 * Opens a connection that keeps itself alive until `disconnect()`.
 * @param onError told of each failed attempt to connect; commands reject by themselves.
 */
export function connectRedis(url: string, onError: (error: Error) => void = () => {}): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    enableAutoPipelining: true,
    keepAlive: 5000,
    noDelay: true,
    retryStrategy: (attempt) => Math.min(attempt * 50, LONGEST_RETRY_DELAY_MS),
  });
  redis.on('error', onError);
  return redis;
}
