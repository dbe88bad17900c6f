// The ledger, for both servers.
export { burnRequestOf, responseRequestOf } from './burn-request.js';
export * from './ledger.js';
export * from './memory-ledger.js';
export * from './open-ledger.js';
export { readRedisUrl } from './read-redis-url.js';
export * from './redis-connection.js';
export * from './redis-ledger.js';
export { CLUSTER_TAGS, parseNonce, shardKeys } from './redis-keys.js';
export {
  parseRedisUrl,
  REDIS_URL_SCHEMES,
  type FenceMode,
  type RedisTarget,
} from './redis-target.js';
export { UnsuitableRedisError, type LedgerService } from './check-redis-server.js';
