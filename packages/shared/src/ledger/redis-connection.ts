// One Redis connection as this system needs it, on each topology: an outage is seen within a second
// and nothing is ever queued behind it, because a burn that is executed later than its request was
// answered would cost a claim for nothing. ioredis's defaults do the opposite.
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisTarget } from './redis-target.js';

/**
 * A connection for the ledger, and for an app server's sessions and limits. On a Cluster each command
 * and each transaction must keep to one slot: put a hash tag into the prefix of what belongs together.
 */
export type RedisConnection = Redis | Cluster;

/**
 * How long one command may take before its caller is told that Redis is away, in milliseconds.
 * A command may wait once for the pipeline or the gathered call before it, so that an outage
 * is seen within twice this.
 */
export const COMMAND_TIMEOUT_MS = 400;

const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 200;
const LONGEST_RETRY_DELAY_MS = 500;
/** A Cluster's map of slots is read again this often, since no command is repeated to find out. */
const SLOTS_REFRESH_MS = 1000;
/** A slot that moved: follow it, and once more if the answer was stale. Neither was executed. */
const MOST_REDIRECTIONS = 3;

/**
 * Opens a connection that keeps itself alive until `disconnect()`.
 * @param url as `parseRedisUrl` takes it
 * @param onError told of each failed attempt to connect; commands reject by themselves.
 * @throws Error from `parseRedisUrl`.
 */
export function connectRedis(
  url: string,
  onError: (error: Error) => void = () => {},
): RedisConnection {
  const target = parseRedisUrl(url);
  const redis = target.kind === 'cluster' ? connectCluster(target) : connectServer(target);
  redis.on('error', onError);
  return redis;
}

function commonOptions({ username, password, tls, fence }: RedisTarget) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    // The check that a server has finished loading asks INFO.
    enableReadyCheck: fence === 'replication-id',
    keepAlive: 5000,
    noDelay: true,
  } satisfies RedisOptions;
}

function connectServer(target: RedisTarget): Redis {
  const [first] = target.hosts;
  const place =
    target.kind === 'standalone'
      ? first
      : {
          sentinels: [...target.hosts],
          name: target.masterName,
          sentinelUsername: target.sentinelUsername,
          sentinelPassword: target.sentinelPassword,
          sentinelRetryStrategy: retryDelay,
          sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
          // Listens to the Sentinels and leaves a deposed master at once, which may not know it yet.
          failoverDetector: true,
          ...(target.tls === undefined
            ? {}
            : { enableTLSForSentinelMode: true, sentinelTLS: target.tls }),
        };
  return new Redis({
    ...commonOptions(target),
    ...place,
    db: target.db,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: retryDelay,
    // A master that became a replica: connect anew, so that the Sentinels are asked again.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
  });
}

function connectCluster(target: RedisTarget): Cluster {
  return new Cluster([...target.hosts], {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    clusterRetryStrategy: retryDelay,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    maxRedirections: MOST_REDIRECTIONS,
    // 0 = never: a command whose connection broke may have been executed, and must not be sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    ...(target.tls === undefined
      ? {}
      : // A certificate names hosts, so a node's announced name is not looked up beforehand.
        { dnsLookup: (address, callback) => callback(null, address) }),
    redisOptions: commonOptions(target),
  });
}

function retryDelay(attempt: number): number {
  return Math.min(attempt * 50, LONGEST_RETRY_DELAY_MS);
}
