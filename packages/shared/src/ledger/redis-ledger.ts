// The ledger in Redis. Each decision is one Lua script in one round trip; the scripts in `lua/` are
// the protocol, this file sends them and says "unavailable" for every answer that is not certain.
import { randomBytes } from 'node:crypto';
import {
  LedgerUnavailableError,
  type BurnOutcome,
  type BurnRequest,
  type EventFeed,
  type Ledger,
} from './ledger.js';
import { namePermission, UnsuitableRedisError, type LedgerService } from './check-redis-server.js';
import { COMMAND_TIMEOUT_MS, type RedisConnection } from './redis-connection.js';
import { createRedisEventFeed } from './redis-event-feed.js';
import { burnedExpireAt, parseNonce, type Nonce } from './redis-keys.js';
import { defineScripts } from './redis-scripts.js';
import { createShards, type Shard } from './redis-shards.js';
import type { FenceMode } from './redis-target.js';

export interface RedisLedgerOptions {
  /** From `connectRedis`; the caller keeps it and closes it after the ledger. */
  redis: RedisConnection;
  /** Prefix of every key, so that several systems can share a database. */
  prefix?: string;
  /** As `parseRedisUrl` read it; the same for all servers, since fences of different modes differ. */
  fence?: FenceMode;
  /** Whose permissions to check before the first decision. */
  service?: LedgerService;
  /** Told when a reconnected server is unfit to be a ledger; until it is mended, all is refused. */
  onUnsuitable?: (error: Error) => void;
}

const OUTCOMES: ReadonlySet<string> = new Set<BurnOutcome>([
  'burned',
  'already-used',
  'revoked',
  'superseded',
  'expired',
]);

/** About how many events are kept, over all shards. */
const MAX_EVENTS = 100_000;
const FENCE_BYTES = 6;

/** Makes a ledger of a Redis connection. Nothing is awaited: `check()` tells whether it answers. */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { redis, prefix = 'claimcheck:', fence = 'replication-id', service } = options;
  const { onUnsuitable = () => {} } = options;
  const scripts = defineScripts(redis, fence);
  const shards = createShards({ redis, scripts, prefix, fence, service });
  const maxEvents = String(Math.ceil(MAX_EVENTS / shards.all.length));

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question().catch(namePermission);
    } catch (error) {
      if (error instanceof UnsuitableRedisError) onUnsuitable(error);
      if (error instanceof LedgerUnavailableError || error instanceof UnsuitableRedisError)
        throw error;
      throw new LedgerUnavailableError('the ledger (Redis) did not answer', { cause: error });
    }
  }

  async function burnOnce(shard: Shard, nonce: Nonce, request: BurnRequest): Promise<string> {
    const keys = [
      shard.keys.epoch,
      shard.keys.events,
      ...shard.keys.burned(nonce, request.forgetAtMs),
      ...request.subjects.map(shard.keys.revoked),
    ];
    const [outcome, clockMs] = await scripts.burn(keys, [
      request.fence,
      String(Math.floor(shard.clock.read() + COMMAND_TIMEOUT_MS)),
      String(request.forgetAtMs),
      String(request.issuedAtMs),
      request.nonce,
      nonce.member,
      String(burnedExpireAt(request.forgetAtMs)),
      maxEvents,
    ]);
    if (outcome === 'late') shard.clock.reset();
    shard.clock.observe(clockMs);
    return outcome;
  }

  /**
   * `late` is certain not to have burned. When it comes in time all the same, the estimate of the
   * server's clock was stale (that clock was stepped, or this process stood still), and the reply
   * has just mended it: ask once more. Nothing else is ever asked twice.
   */
  async function burn(request: BurnRequest): Promise<BurnOutcome> {
    const nonce = parseNonce(request.nonce);
    const shard = shards.of(nonce);
    await shard.ensureFit();
    let outcome = await burnOnce(shard, nonce, request);
    if (outcome === 'late') outcome = await burnOnce(shard, nonce, request);
    if (!OUTCOMES.has(outcome))
      throw new LedgerUnavailableError(`the burn was answered ${outcome}`);
    return outcome as BurnOutcome;
  }

  async function readFence(nonceText: string): Promise<string> {
    const shard = shards.of(parseNonce(nonceText));
    await shard.ensureFit();
    const drawn = randomBytes(FENCE_BYTES).toString('hex');
    const [fenceText, clockMs] = await scripts.readFence([shard.keys.epoch], [drawn]);
    shard.clock.observe(clockMs);
    return fenceText;
  }

  return {
    fence: (nonce) => ask(() => readFence(nonce)),
    burn: (request) => ask(() => burn(request)),
    // Marks are only ever widened, so that a revocation that failed in some shards can be repeated.
    revoke: ({ subject, issuedUntilMs, forgetAtMs }) =>
      ask(() =>
        inEach(shards.under(subject), async ({ ensureFit, keys }) => {
          await ensureFit();
          await scripts.revoke(
            [keys.revoked(subject)],
            [String(issuedUntilMs), String(forgetAtMs)],
          );
        }),
      ),
    record: ({ kind, claimId, bytes }) =>
      ask(async () => {
        const { keys, ensureFit } = shards.of(parseNonce(claimId));
        await ensureFit();
        const fields = ['kind', kind, 'claim', claimId, 'bytes', String(bytes)];
        await redis.xadd(keys.events, 'MAXLEN', '~', maxEvents, '*', ...fields);
      }),
    events: (reader) => guardFeed(createRedisEventFeed({ redis, shards: shards.all, reader }), ask),
    check: () => ask(() => inEach(shards.all, ({ inspect }) => inspect())),
    close: async () => shards.close(),
  };
}

/** In all shards at once; waits for every one, so that nothing is under way after it has rejected. */
async function inEach(
  shards: readonly Shard[],
  act: (shard: Shard) => Promise<void>,
): Promise<void> {
  for (const result of await Promise.allSettled(shards.map(act)))
    if (result.status === 'rejected') throw result.reason;
}

function guardFeed(feed: EventFeed, ask: <T>(question: () => Promise<T>) => Promise<T>): EventFeed {
  return {
    next: () => ask(() => feed.next()),
    acknowledge: (ids) => ask(() => feed.acknowledge(ids)),
  };
}
