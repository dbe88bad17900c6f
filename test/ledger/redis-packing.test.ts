// Burned nonces in packed sets: that a nonce is found again whichever level it went to, and that the
// sets stay packed, hence small.
import { afterEach, describe, expect, test } from '@jest/globals';
import { newNonce } from '@claimcheck/shared/mint';
import { sharedRedisUrl } from '../support/redis.js';
import { burnRequest, closeLedgers, openLedger } from './open-ledger.js';

afterEach(closeLedgers);

function levelOf(key: string): string | undefined {
  return key.split(':').at(-2);
}

describe('burned nonces', () => {
  test('are each burned once across the levels that fill up, and stay packed', async () => {
    const { ledger, redis, prefix } = await openLedger(sharedRedisUrl());
    const first = await burnRequest(ledger);
    const burns = Array.from({ length: 6000 }, () => ({ ...first, nonce: newNonce() }));
    const burnAll = async () => {
      const outcomes = new Map<string, number>();
      for (let from = 0; from < burns.length; from += 250) {
        const some = burns.slice(from, from + 250);
        const asked = some.flatMap((burn) => [ledger.burn(burn), ledger.burn(burn)]);
        for (const outcome of await Promise.all(asked))
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      return Object.fromEntries(outcomes);
    };
    expect(await burnAll()).toEqual({ burned: 6000, 'already-used': 6000 });
    expect(await burnAll()).toEqual({ 'already-used': 12_000 });
    const keys = await redis.keys(`${prefix}burned:*`);
    expect(keys.filter((key) => levelOf(key) === '0')).toHaveLength(8);
    expect(keys.filter((key) => levelOf(key) === '1')).toHaveLength(64);
    for (const key of keys) {
      expect(await redis.object('ENCODING', key)).toBe('intset');
      expect(await redis.ttl(key)).toBeGreaterThan(0);
      expect(await redis.scard(key)).toBeLessThanOrEqual(511);
    }
  });
});
