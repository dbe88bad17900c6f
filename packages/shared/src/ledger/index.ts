// The ledger, for both servers.
export * from './ledger.js';
export * from './memory-ledger.js';
export * from './open-ledger.js';
export * from './redis-connection.js';
export * from './redis-ledger.js';
export { UnsuitableRedisError } from './check-redis-server.js';
