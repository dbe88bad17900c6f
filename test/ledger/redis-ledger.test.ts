// The contract on a real Redis, and what only Redis has: outages, restarts, flushes, settings.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError, UnsuitableRedisError } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { sharedRedisUrl, startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { describeLedger } from './contract.js';
import { describeCopies } from './copies-contract.js';
import { openWithCopies } from './open-with-copies.js';
import { answers, burnRequest, closeLedgers, makeLedger, openLedger } from './open-ledger.js';

afterEach(closeLedgers);

describeLedger('Redis', async () => ({
  ledger: (await openLedger(sharedRedisUrl())).ledger,
  now: Date.now,
  reach: async (instantMs) => void (await waitFor('the clock', () => Date.now() > instantMs)),
}));

describeCopies('Redis', () => openWithCopies(sharedRedisUrl()));

describe('the Redis ledger', () => {
  test('lets two connections burn a nonce once between them', async () => {
    const prefix = `test:${newNonce()}:`;
    const [a, b] = [
      await openLedger(sharedRedisUrl(), { prefix }),
      await openLedger(sharedRedisUrl(), { prefix }),
    ];
    const burn = await burnRequest(a.ledger);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).ledger.burn(burn)),
    );
    expect(outcomes.filter((outcome) => outcome === 'burned')).toHaveLength(1);
  });

  test('remembers a burn until its time, and at most a minute longer', async () => {
    const { ledger, redis, prefix } = await openLedger(sharedRedisUrl());
    const burn = await burnRequest(ledger);
    await ledger.burn(burn);
    const [key = '', ...others] = await redis.keys(`${prefix}burned:*`);
    expect(others).toEqual([]);
    expect(await redis.object('ENCODING', key)).toBe('intset');
    const forgottenAtMs = await redis.pexpiretime(key);
    expect(forgottenAtMs).toBeGreaterThanOrEqual(burn.forgetAtMs);
    expect(forgottenAtMs).toBeLessThan(burn.forgetAtMs + 60_000);
  });

  test('reads events again after its stream was flushed away', async () => {
    const server = await startRedis();
    try {
      const { ledger, redis } = await openLedger(server.url);
      const feed = ledger.events('reader');
      await feed.next();
      await redis.flushall();
      const burn = await burnRequest(ledger);
      expect(await ledger.burn(burn)).toBe('burned');
      const events = await waitFor('the event', async () => {
        const batch = await feed.next();
        return batch.length > 0 && batch;
      });
      expect(events).toMatchObject([{ kind: 'started', claimId: burn.nonce }]);
    } finally {
      await server.stop();
    }
  });
});

describe('the Redis ledger in trouble', () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });

  test('refuses within a second while Redis stands still, and does not burn afterwards', async () => {
    const { ledger } = await openLedger(server.url);
    const burns = await Promise.all(Array.from({ length: 20 }, () => burnRequest(ledger)));
    server.suspend();
    const startedAt = performance.now();
    const outcomes = await Promise.allSettled(burns.map((burn) => ledger.burn(burn)));
    const tookMs = performance.now() - startedAt;
    server.resume();
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: expect.any(LedgerUnavailableError),
      });
    }
    expect(tookMs).toBeLessThan(1000);
    await answers(ledger);
    for (const burn of burns) expect(await ledger.burn(burn)).toBe('burned');
  });

  test('refuses at once while Redis is gone, and calls older claims superseded when it is back empty', async () => {
    const { ledger } = await openLedger(server.url);
    const [burned, unburned] = [await burnRequest(ledger), await burnRequest(ledger)];
    expect(await ledger.burn(burned)).toBe('burned');
    await server.kill();
    await expect(ledger.burn(unburned)).rejects.toThrow(LedgerUnavailableError);
    await expect(ledger.fence(newNonce())).rejects.toThrow(LedgerUnavailableError);
    await server.restart();
    await answers(ledger);
    expect(await ledger.burn(burned)).toBe('superseded');
    expect(await ledger.burn(unburned)).toBe('superseded');
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
  });

  test('calls older claims superseded after FLUSHALL, which keeps run_id and replication id', async () => {
    const { ledger, redis } = await openLedger(server.url);
    const burned = await burnRequest(ledger);
    expect(await ledger.burn(burned)).toBe('burned');
    await redis.flushall();
    expect(await ledger.burn(burned)).toBe('superseded');
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
    expect(await ledger.burn(burned)).toBe('superseded');
  });

  test('goes on after its scripts were flushed from Redis', async () => {
    const { ledger, redis } = await openLedger(server.url);
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
    await redis.script('FLUSH');
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
  });

  test('does not burn when Redis is full', async () => {
    const full = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction']);
    try {
      const { ledger, redis } = await openLedger(full.url);
      const burn = await burnRequest(ledger);
      await redis.config('SET', 'maxmemory', '1');
      await expect(ledger.burn(burn)).rejects.toThrow(LedgerUnavailableError);
      await redis.config('SET', 'maxmemory', '0');
      expect(await ledger.burn(burn)).toBe('burned');
    } finally {
      await full.stop();
    }
  });

  test.each(['allkeys-lru', 'volatile-ttl', 'volatile-lru'])(
    'refuses a Redis that evicts (%s), by name',
    async (policy) => {
      const evicting = await startRedis(['--maxmemory-policy', policy]);
      try {
        const { ledger, redis } = makeLedger(evicting.url);
        await waitFor('the complaint', () =>
          ledger.check().then(
            () => false,
            (error: unknown) => error instanceof UnsuitableRedisError,
          ),
        );
        await expect(ledger.check()).rejects.toThrow(UnsuitableRedisError);
        await expect(
          ledger.burn({
            nonce: newNonce(),
            fence: 'x',
            issuedAtMs: 0,
            forgetAtMs: 9e15,
            subjects: [],
          }),
        ).rejects.toThrow(`maxmemory-policy ${policy}`);
        await redis.config('SET', 'maxmemory-policy', 'noeviction');
        expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
      } finally {
        await evicting.stop();
      }
    },
  );

  test('refuses a replica', async () => {
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(server.port)]);
    try {
      const { ledger } = makeLedger(replica.url);
      const error = await waitFor('the refusal', () =>
        ledger.check().then(
          () => undefined,
          (reason: Error) => (reason instanceof UnsuitableRedisError ? reason : undefined),
        ),
      );
      expect(error.message).toContain('slave');
    } finally {
      await replica.stop();
    }
  });
});
