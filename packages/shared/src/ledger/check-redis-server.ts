// Is this Redis fit to be a ledger? Asked once a connection, before the first decision.
import type { Redis } from 'ioredis';

/** The server answers, but must not be used: its settings would lose burns. */
export class UnsuitableRedisError extends Error {
  override name = 'UnsuitableRedisError';
}

const OLDEST_VERSION = 7;

/**
 * Checks version, role and eviction policy, and returns the server's clock, Unix milliseconds.
 * @throws UnsuitableRedisError that says what to change; or the connection's own error.
 */
export async function checkRedisServer(redis: Redis): Promise<number> {
  const info = parseInfo(
    `${await askInfo(redis, 'server')}\n${await askInfo(redis, 'memory')}\n${await askInfo(redis, 'replication')}`,
  );
  const version = info.get('redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_VERSION)) {
    throw new UnsuitableRedisError(
      `REDIS_URL: the ledger needs Redis ${OLDEST_VERSION}.0 or later, this is ${version}`,
    );
  }
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy !== 'noeviction') {
    throw new UnsuitableRedisError(
      `REDIS_URL: this Redis has maxmemory-policy ${policy}, which may evict burned nonces; set it to noeviction`,
    );
  }
  const role = info.get('role') ?? 'unknown';
  if (role !== 'master') {
    throw new UnsuitableRedisError(
      `REDIS_URL: this Redis is a ${role}; the ledger needs the master`,
    );
  }
  return await readServerTime(redis);
}

/** The server's clock, Unix milliseconds. */
export async function readServerTime(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

async function askInfo(redis: Redis, section: string): Promise<string> {
  try {
    return await redis.info(section);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) {
      throw new UnsuitableRedisError(
        `REDIS_URL: the Redis user lacks a permission (${error.message})`,
        { cause: error },
      );
    }
    throw error;
  }
}

function parseInfo(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) pairs.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return pairs;
}
