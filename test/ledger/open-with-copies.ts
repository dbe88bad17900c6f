// A Redis ledger whose copies can be outlived. A real Redis cannot be told to age: its own word for when a
// record ends is taken, and then it is ended.
import { expect } from '@jest/globals';
import { CLUSTER_TAGS, parseNonce, shardKeys } from '@claimcheck/shared/ledger';
import { waitFor } from '../support/wait-for.js';
import type { LedgerWithCopies } from './copies-contract.js';
import { openLedger } from './open-ledger.js';

const SLACK_MS = 5000;

export async function openWithCopies(url: string): Promise<LedgerWithCopies> {
  const { ledger, redis, prefix } = await openLedger(url);
  const reach = async (instantMs: number) =>
    void (await waitFor('the clock', () => Date.now() > instantMs));

  function keyOf(nonce: string): string {
    const tags = redis.isCluster ? CLUSTER_TAGS : [undefined];
    const tag = tags[parseNonce(nonce).shard % tags.length];
    return shardKeys(prefix, tag).copy(nonce);
  }

  return {
    ledger,
    now: Date.now,
    reach,
    outlive: async ({ nonce }, seconds, alive) => {
      const key = keyOf(nonce);
      const end = Number(alive ? await redis.hget(key, 'over') : await redis.pexpiretime(key));
      expect(Math.abs(end - (Date.now() + seconds * 1000))).toBeLessThan(SLACK_MS);
      if (alive === undefined) {
        await redis.del(key);
        return;
      }
      const overAtMs = Date.now() + 300;
      await redis.hset(key, 'over', overAtMs);
      await alive();
      expect(await redis.pexpiretime(key)).toBe(overAtMs);
      await reach(overAtMs);
    },
  };
}
