// The ledger in Redis. Each decision is one Lua script in one round trip; the scripts in `lua/` are
// the protocol, this file sends them and says "unavailable" for every answer that is not certain.
import { randomBytes } from 'node:crypto';
import {
  LedgerUnavailableError,
  type BurnOutcome,
  type BurnRequest,
  type CopyState,
  type EventFeed,
  type Ledger,
  type Payment,
  type PaymentAnswer,
  type ResponseGrant,
  type ResponseRequest,
  type Settlement,
} from './ledger.js';
import { COPY_IDLE_SECONDS, MAX_COPY_SECONDS } from '../claim/limits.js';
import { namePermission, UnsuitableRedisError, type LedgerService } from './check-redis-server.js';
import { gatherCalls } from './gather-calls.js';
import { COMMAND_TIMEOUT_MS, type RedisConnection } from './redis-connection.js';
import { createRedisEventFeed } from './redis-event-feed.js';
import {
  packBurn,
  packEvent,
  packSettlement,
  readBurnReply,
  requireDone,
  type BurnReply,
  type PackedCall,
} from './redis-calls.js';
import { parseNonce } from './redis-keys.js';
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
const IDLE_MS = String(COPY_IDLE_SECONDS * 1000);
const MOST_MS = String(MAX_COPY_SECONDS * 1000);

const REFUSED_PAYMENTS: ReadonlySet<string> = new Set<PaymentAnswer['outcome']>([
  'spent',
  'revoked',
  'superseded',
  'over',
]);

/** The most burns, settlements and events of one call: Redis runs a call without a pause. */
const MOST_IN_A_CALL = 64;

/** Makes a ledger of a Redis connection. Nothing is awaited: `check()` tells whether it answers. */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { redis, prefix = 'claimcheck:', fence = 'replication-id', service } = options;
  const { onUnsuitable = () => {} } = options;
  const scripts = defineScripts(redis, fence);
  const shards = createShards({ redis, scripts, prefix, fence, service });
  const maxEvents = String(Math.ceil(MAX_EVENTS / shards.all.length));

  function ask<T>(question: () => Promise<T>): Promise<T> {
    return question().catch(explain);
  }

  function explain(error: unknown): never {
    const named = namePermission(error);
    if (named instanceof UnsuitableRedisError) onUnsuitable(named);
    if (named instanceof LedgerUnavailableError || named instanceof UnsuitableRedisError)
      throw named;
    throw new LedgerUnavailableError('the ledger (Redis) did not answer', { cause: named });
  }

  /** For each shard: burns, settlements and events in one call. */
  const callers = new Map(
    shards.all.map((shard) => [
      shard,
      gatherCalls({
        most: MOST_IN_A_CALL,
        ask: (calls: readonly PackedCall[]) => runEach(shard, calls),
      }),
    ]),
  );

  async function runEach(shard: Shard, calls: readonly PackedCall[]): Promise<string[]> {
    await shard.ensureFit();
    const keys = [shard.keys.epoch, shard.keys.events];
    const args = [deadlineOn(shard), maxEvents, IDLE_MS, MOST_MS];
    for (const call of calls) {
      keys.push(...call.keys);
      args.push(call.line);
    }
    const [clockMs, ...answers] = await scripts.runEach(keys, args);
    learnClock(shard, answers.some(isLate) ? LATE : '', clockMs);
    return answers;
  }

  function run(shard: Shard, call: PackedCall): Promise<string> {
    const caller = callers.get(shard);
    if (caller === undefined) throw new RangeError('no such shard');
    return caller(call);
  }

  /**
   * `late` is certain not to have burned. When it comes in time all the same, the estimate of the
   * server's clock was stale (that clock was stepped, or this process stood still), and the reply
   * has just mended it: ask once more. Nothing else is ever asked twice.
   */
  async function askBurn(request: BurnRequest, response?: ResponseRequest): Promise<BurnReply> {
    const shard = shards.of(parseNonce(request.nonce));
    const call = packBurn(shard.keys, request, response);
    const answer = await run(shard, call);
    return readBurnReply(isLate(answer) ? await run(shard, call) : answer);
  }

  async function burn(request: BurnRequest): Promise<BurnOutcome> {
    const { outcome } = await askBurn(request);
    if (OUTCOMES.has(outcome)) return outcome as BurnOutcome;
    throw new LedgerUnavailableError(`the burn was answered ${outcome}`);
  }

  async function openResponse(request: ResponseRequest): Promise<ResponseGrant> {
    const { outcome, paidBytes, open } = await askBurn(request, request);
    if (outcome === 'burned' || outcome === 'resumed')
      return { outcome, paidBytes, alone: open === 1 };
    if (OUTCOMES.has(outcome)) return { outcome: outcome as Exclude<BurnOutcome, 'burned'> };
    throw new LedgerUnavailableError(`the burn was answered ${outcome}`);
  }

  /** Asked once: paid for twice, bytes would be lost. */
  async function pay(payment: Payment): Promise<PaymentAnswer> {
    const shard = shards.of(parseNonce(payment.nonce));
    await shard.ensureFit();
    const keys = [
      shard.keys.epoch,
      shard.keys.events,
      shard.keys.copy(payment.nonce),
      ...payment.subjects.map(shard.keys.revoked),
    ];
    const [outcome, clockMs, paidBytes, open] = await scripts.pay(keys, [
      payment.fence,
      deadlineOn(shard),
      String(payment.issuedAtMs),
      payment.nonce,
      maxEvents,
      String(payment.budgetBytes),
      String(payment.bytes),
      String(payment.sent.firstByte),
      String(payment.sent.bytes),
      IDLE_MS,
    ]);
    learnClock(shard, outcome, clockMs);
    if (outcome === 'paid') return { outcome, paidBytes, alone: open === 1 };
    if (REFUSED_PAYMENTS.has(outcome))
      return { outcome: outcome as Exclude<PaymentAnswer['outcome'], 'paid'> };
    throw new LedgerUnavailableError(`the payment was answered ${outcome}`);
  }

  async function settle(settlement: Settlement): Promise<void> {
    const shard = shards.of(parseNonce(settlement.nonce));
    requireDone(await run(shard, packSettlement(shard.keys, settlement)));
  }

  async function copyState(
    claim: Pick<BurnRequest, 'nonce' | 'fence' | 'forgetAtMs'>,
  ): Promise<CopyState> {
    const nonce = parseNonce(claim.nonce);
    const shard = shards.of(nonce);
    await shard.ensureFit();
    const [state, clockMs] = await scripts.copyState(
      [
        shard.keys.epoch,
        shard.keys.copy(claim.nonce),
        ...shard.keys.burned(nonce, claim.forgetAtMs),
      ],
      [claim.fence, String(claim.forgetAtMs), nonce.member],
    );
    shard.clock.observe(clockMs);
    return state as CopyState;
  }

  async function readFence(nonceText: string): Promise<string> {
    const shard = shards.of(parseNonce(nonceText));
    await shard.ensureFit();
    const drawn = randomBytes(FENCE_BYTES).toString('base64url');
    const [fenceText, clockMs] = await scripts.readFence([shard.keys.epoch], [drawn]);
    shard.clock.observe(clockMs);
    return fenceText;
  }

  return {
    fence: (nonce) => ask(() => readFence(nonce)),
    burn: (request) => ask(() => burn(request)),
    openResponse: (request) => ask(() => openResponse(request)),
    pay: (payment) => ask(() => pay(payment)),
    settle: (settlement) => ask(() => settle(settlement)),
    copyState: (claim) => ask(() => copyState(claim)),
    // Marks are only ever widened, so that a revocation that failed in some shards can be repeated.
    revoke: ({ subject, issuedUntilMs, onlyUnburned = false, forgetAtMs }) =>
      ask(() =>
        inEach(shards.under(subject), async ({ ensureFit, keys }) => {
          await ensureFit();
          await scripts.revoke(
            [keys.revoked(subject)],
            [String(issuedUntilMs), String(onlyUnburned ? 0 : issuedUntilMs), String(forgetAtMs)],
          );
        }),
      ),
    // A shard that was flushed has forgotten what the others still know.
    isRevoked: (subject) =>
      ask(async () => {
        const marks = await Promise.all(
          shards.under(subject).map(({ keys }) => redis.get(keys.revoked(subject))),
        );
        return marks.some((mark) => mark !== null);
      }),
    record: (event) =>
      ask(async () => {
        requireDone(await run(shards.of(parseNonce(event.claimId)), packEvent(event)));
      }),
    events: (reader) => guardFeed(createRedisEventFeed({ redis, shards: shards.all, reader }), ask),
    check: () => ask(() => inEach(shards.all, ({ inspect }) => inspect())),
    close: async () => shards.close(),
  };
}

/** When the caller gives up, in the clock of the shard's server. */
function deadlineOn({ clock }: Shard): string {
  return String(Math.floor(clock.read() + COMMAND_TIMEOUT_MS));
}

const LATE = 'late';
const isLate = (answer: string) => answer.startsWith(LATE);

/** `late` shows that the estimate was stale. */
function learnClock({ clock }: Shard, outcome: string, clockMs: number): void {
  if (outcome === LATE) clock.reset();
  clock.observe(clockMs);
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
