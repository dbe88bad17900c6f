// Starts the servers that all tests share: one Redis (each test uses a key prefix of its own) and
// one PostgreSQL cluster (each suite makes a database of its own).
import { startPostgres, type TestPostgres } from './postgres.js';
import { startRedis, type TestRedis } from './redis.js';

export interface SharedServers {
  redis: TestRedis;
  postgres: TestPostgres;
}

declare global {
  var claimcheckServers: SharedServers | undefined;
}

export default async function globalSetup(): Promise<void> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  globalThis.claimcheckServers = { redis, postgres };
  process.env['TEST_REDIS_URL'] = redis.url;
  process.env['TEST_DATABASE_ADMIN_URL'] = postgres.adminUrl;
}
