// Is this Redis fit to be a ledger? Asked of the server that owns a shard, before the first decision
// and again now and then: settings can be changed, and a failover puts another server in its place.
import type { FenceMode } from './redis-target.js';
import type { Scripts } from './redis-scripts.js';

/** The server answers, but must not be used: its settings would lose burns. */
export class UnsuitableRedisError extends Error {
  override name = 'UnsuitableRedisError';
}

/**
 * Which service asks: the app server also draws fences and revokes, the download server counts bytes. Without one, only what every burn
 * needs is tried, and the rest is told when it is used.
 */
export type LedgerService = 'app-server' | 'download-server';

const OLDEST_VERSION = 7;
const FURTHER_COMMANDS: Record<LedgerService, readonly string[]> = {
  'app-server': ['SET', 'PEXPIRETIME'],
  'download-server': ['HSET'],
};

/**
 * Checks permissions, version, role and eviction policy in one round trip, and returns the server's
 * clock, Unix milliseconds. With a stored epoch only the permissions are checked.
 * @throws UnsuitableRedisError that says what to change; or the connection's own error.
 */
export async function checkRedisServer(options: {
  scripts: Pick<Scripts, 'inspect'>;
  scratchKey: string;
  fence: FenceMode;
  service: LedgerService | undefined;
}): Promise<number> {
  const { scripts, scratchKey, fence, service } = options;
  const further = service === undefined ? [] : FURTHER_COMMANDS[service];
  const [clockMs, text, ...refused] = await scripts
    .inspect([scratchKey], [fence, ...further])
    .catch((error: unknown) => {
      throw namePermission(error);
    });
  if (refused.length > 0) {
    const hint = refused.includes('INFO')
      ? ' (where INFO cannot be had, see fence=stored-epoch in docs/ledger.md)'
      : '';
    throw new UnsuitableRedisError(
      `REDIS_URL: the Redis user may not run ${[...new Set(refused)].join(', ')} on ${scratchKey}${hint}; docs/ledger.md has the ACL rule`,
    );
  }
  if (fence === 'replication-id') checkInfo(parseInfo(text));
  return clockMs;
}

function checkInfo(info: Map<string, string>): void {
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
}

/** How Redis refuses a command, and how Redis 7.0 refuses one inside a script. */
const NO_PERMISSION = /^NOPERM|The user executing the script can't/;

/** The same error, unless it is of a missing permission: that is a fault of the set-up, whichever command met it. */
export function namePermission(error: unknown): unknown {
  if (!(error instanceof Error && NO_PERMISSION.test(error.message))) return error;
  return new UnsuitableRedisError(
    `REDIS_URL: the Redis user lacks a permission (${error.message}); docs/ledger.md has the ACL rule`,
    { cause: error },
  );
}

function parseInfo(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) pairs.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return pairs;
}
