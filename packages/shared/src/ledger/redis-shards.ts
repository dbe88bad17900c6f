// The shards of a ledger: one where a single server holds everything, sixteen in a Cluster. What a burn
// looks at lies in one shard, hence in one slot of one server, so that a script can decide about it.
import type { RevocationSubject } from '../claim/revocation-subjects.js';
import { checkRedisServer, type LedgerService } from './check-redis-server.js';
import { createRedisClock, type RedisClock } from './redis-clock.js';
import type { RedisConnection } from './redis-connection.js';
import { CLUSTER_TAGS, parseNonce, shardKeys, type Nonce, type ShardKeys } from './redis-keys.js';
import type { Scripts } from './redis-scripts.js';
import type { FenceMode } from './redis-target.js';

export interface Shard {
  tag: string;
  keys: ShardKeys;
  /** Of the server that owns the shard. */
  clock: RedisClock;
  /** Resolves when that server was found fit not long ago; asks it if not. Rejects when it is unfit. */
  ensureFit: () => Promise<void>;
  /** Asks the server now. */
  inspect: () => Promise<void>;
}

export interface Shards {
  all: readonly Shard[];
  of(nonce: Nonce): Shard;
  /** Where claims under this subject are burned: in one shard for a claim, else in any. */
  under(subject: RevocationSubject): readonly Shard[];
  close(): void;
}

export interface ShardOptions {
  redis: RedisConnection;
  scripts: Scripts;
  prefix: string;
  fence: FenceMode;
  service: LedgerService | undefined;
}

const INSPECT_EVERY_MS = 10_000;

export function createShards(options: ShardOptions): Shards {
  const { redis, prefix } = options;
  const tags = redis.isCluster ? CLUSTER_TAGS : [undefined];
  const all = tags.map((tag) => createShard(options, tag ?? '', shardKeys(prefix, tag)));
  const of = ({ shard }: Nonce) => {
    const found = all[shard % all.length];
    if (found === undefined) throw new RangeError('no such shard');
    return found;
  };
  const forgetServers = () => {
    for (const shard of all) shard.forgetServer();
  };
  const changes = redis.isCluster ? ['close', '+node', '-node'] : ['close'];
  for (const change of changes) redis.on(change, forgetServers);
  return {
    all,
    of,
    under: (subject) =>
      subject.startsWith('claim:') ? [of(parseNonce(subject.slice('claim:'.length)))] : all,
    close: () => {
      for (const change of changes) redis.off(change, forgetServers);
    },
  };
}

function createShard(options: ShardOptions, tag: string, keys: ShardKeys) {
  const { scripts, fence, service } = options;
  const clock = createRedisClock();
  let fit: Promise<void> | undefined;
  let inspectedAtMs = 0;

  function inspect(): Promise<void> {
    inspectedAtMs = performance.now();
    const asked = checkRedisServer({ scripts, scratchKey: keys.scratch, fence, service }).then(
      (clockMs) => clock.observe(clockMs),
    );
    fit = asked;
    asked.catch(() => {
      if (fit === asked) fit = undefined;
    });
    return asked;
  }

  return {
    tag,
    keys,
    clock,
    inspect,
    ensureFit: () =>
      fit !== undefined && performance.now() - inspectedAtMs < INSPECT_EVERY_MS ? fit : inspect(),
    forgetServer: () => {
      fit = undefined;
      clock.reset();
    },
  };
}
