// The ledger in Redis. Each decision is one Lua script in one round trip; the scripts in `lua/` are
// the protocol, this file sends them and says "unavailable" for every answer that is not certain.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import {
  LedgerUnavailableError,
  type BurnOutcome,
  type BurnRequest,
  type EventFeed,
  type Ledger,
} from './ledger.js';
import { checkRedisServer, readServerTime, UnsuitableRedisError } from './check-redis-server.js';
import { COMMAND_TIMEOUT_MS } from './redis-connection.js';
import { createRedisClock } from './redis-clock.js';
import { createRedisEventFeed } from './redis-event-feed.js';

/** Scripts as ioredis presents them once defined. */
interface Scripts {
  burn(keys: number, ...keysAndArguments: string[]): Promise<[string, number]>;
  readFence(keys: number, epoch: string, newEpoch: string): Promise<[string, number]>;
  revoke(keys: number, mark: string, issuedUntilMs: string, forgetAtMs: string): Promise<number>;
}

export interface RedisLedgerOptions {
  /** From `connectRedis`; the caller keeps it and closes it after the ledger. */
  redis: Redis;
  /** Prefix of every key, so that several systems can share a database. */
  prefix?: string;
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

/** Makes a ledger of a Redis connection. Nothing is awaited: `check()` tells whether it answers. */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { redis, prefix = 'claimcheck:', onUnsuitable = () => {} } = options;
  const key = {
    epoch: `${prefix}epoch`,
    events: `${prefix}events`,
    burned: (nonce: string) => `${prefix}burned:${nonce}`,
    revoked: (subject: string) => `${prefix}revoked:${subject}`,
  };
  const clock = createRedisClock();
  const scripts = defineScripts(redis);
  let fit: Promise<void> | undefined;

  /** Once a connection: is this server fit to be a ledger? Also sets the clock. */
  function ensureFit(): Promise<void> {
    fit ??= (async () => clock.observe(await checkRedisServer(redis)))().catch((error: unknown) => {
      fit = undefined;
      if (error instanceof UnsuitableRedisError) onUnsuitable(error);
      throw error;
    });
    return fit;
  }
  const forgetServer = () => {
    fit = undefined;
    clock.reset();
  };
  redis.on('close', forgetServer);

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      await ensureFit();
      return await question();
    } catch (error) {
      if (error instanceof LedgerUnavailableError || error instanceof UnsuitableRedisError)
        throw error;
      throw new LedgerUnavailableError('the ledger (Redis) did not answer', { cause: error });
    }
  }

  async function burnOnce(request: BurnRequest): Promise<string> {
    const keys = [
      key.epoch,
      key.burned(request.nonce),
      key.events,
      ...request.subjects.map(key.revoked),
    ];
    const [outcome, clockMs] = await scripts.burn(
      keys.length,
      ...keys,
      request.fence,
      String(Math.floor(clock.read() + COMMAND_TIMEOUT_MS)),
      String(request.forgetAtMs),
      String(request.issuedAtMs),
      request.nonce,
    );
    if (outcome === 'late') clock.reset();
    clock.observe(clockMs);
    return outcome;
  }

  /**
   * `late` is certain not to have burned. When it comes in time all the same, the estimate of the
   * server's clock was stale (that clock was stepped, or this process stood still), and the reply
   * has just mended it: ask once more.
   */
  async function burn(request: BurnRequest): Promise<BurnOutcome> {
    let outcome = await burnOnce(request);
    if (outcome === 'late') outcome = await burnOnce(request);
    if (!OUTCOMES.has(outcome))
      throw new LedgerUnavailableError(`the burn was answered ${outcome}`);
    return outcome as BurnOutcome;
  }

  return {
    fence: () =>
      ask(async () => {
        const [fence, clockMs] = await scripts.readFence(
          1,
          key.epoch,
          randomBytes(16).toString('hex'),
        );
        clock.observe(clockMs);
        return fence;
      }),
    burn: (request) => ask(() => burn(request)),
    revoke: ({ subject, issuedUntilMs, forgetAtMs }) =>
      ask(async () => {
        await scripts.revoke(1, key.revoked(subject), String(issuedUntilMs), String(forgetAtMs));
      }),
    record: ({ kind, claimId, bytes }) =>
      ask(async () => {
        await redis.xadd(
          key.events,
          'MAXLEN',
          '~',
          100_000,
          '*',
          'kind',
          kind,
          'claim',
          claimId,
          'bytes',
          bytes,
        );
      }),
    events: (reader) => guardFeed(createRedisEventFeed(redis, key.events, reader), ask),
    check: () =>
      ask(async () => {
        clock.observe(await readServerTime(redis));
      }),
    close: async () => {
      redis.off('close', forgetServer);
    },
  };
}

function defineScripts(redis: Redis): Scripts {
  const fence = readScript('fence');
  redis.defineCommand('burn', { lua: fence + readScript('burn') });
  redis.defineCommand('readFence', { lua: fence + readScript('read-fence') });
  redis.defineCommand('revoke', { lua: fence + readScript('revoke') });
  return redis as unknown as Scripts;
}

function readScript(name: string): string {
  return readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8');
}

function guardFeed(feed: EventFeed, ask: <T>(question: () => Promise<T>) => Promise<T>): EventFeed {
  return {
    next: () => ask(() => feed.next()),
    acknowledge: (ids) => ask(() => feed.acknowledge(ids)),
  };
}
