// The contract on a master that Sentinels watch and on a Cluster, and what only they have: failovers,
// shards.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { subjectOf } from '@claimcheck/shared/claim';
import { LedgerUnavailableError } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { Cluster } from 'ioredis';
import { startCluster, type TestCluster } from '../support/redis-cluster.js';
import { startSentinelGroup, type SentinelGroup } from '../support/redis-sentinel.js';
import { waitFor } from '../support/wait-for.js';
import { describeLedger } from './contract.js';
import { describeCopies } from './copies-contract.js';
import { openWithCopies } from './open-with-copies.js';
import { answers, burnRequest, closeLedgers, openLedger } from './open-ledger.js';

const START_WITHIN_MS = 90_000;

afterEach(closeLedgers);

const wallClock = {
  now: Date.now,
  reach: async (instantMs: number) =>
    void (await waitFor('the clock', () => Date.now() > instantMs)),
};

describe('behind Sentinels', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinelGroup();
  }, START_WITHIN_MS);
  afterAll(() => group.stop());

  describeLedger('Sentinel', async () => ({ ...(await openLedger(group.url)), ...wallClock }), 40);
  describeCopies('Sentinel', () => openWithCopies(group.url));

  test('a promotion supersedes every older claim, burned or not, and service resumes by itself', async () => {
    const { ledger } = await openLedger(group.url);
    const [burned, unburned] = [await burnRequest(ledger), await burnRequest(ledger)];
    expect(await ledger.burn(burned)).toBe('burned');
    await group.failOver();
    await waitFor('the new master answers', async () => {
      const outcome = await ledger.burn(burned).catch((error: unknown) => error);
      if (outcome === 'already-used') return false; // Still the old master.
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(LedgerUnavailableError);
        return false;
      }
      expect(outcome).toBe('superseded');
      return true;
    });
    expect(await ledger.burn(unburned)).toBe('superseded');
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
  });
});

describe('on a Cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, START_WITHIN_MS);
  afterAll(() => cluster.stop());

  describeLedger('Cluster', async () => ({ ...(await openLedger(cluster.url)), ...wallClock }), 40);
  describeCopies('Cluster', () => openWithCopies(cluster.url));

  test('every master has shards, and a revocation of an account reaches all of them', async () => {
    const { ledger, prefix, redis } = await openLedger(cluster.url);
    const subject = subjectOf.account(newNonce());
    const burns = await Promise.all(
      Array.from({ length: 400 }, () => burnRequest(ledger, { subjects: [subject] })),
    );
    expect(new Set(burns.map(({ fence }) => fence)).size).toBe(16);
    const revocation = { issuedUntilMs: Date.now() + 1000, forgetAtMs: Date.now() + 60_000 };
    await ledger.revoke({ subject, ...revocation });
    for (const burn of burns) expect(await ledger.burn(burn)).toBe('revoked');
    if (!(redis instanceof Cluster)) throw new Error('not a cluster');
    const shardsOf = await Promise.all(
      redis.nodes('master').map((node) => node.keys(`${prefix}*:epoch`)),
    );
    expect(shardsOf.map((keys) => keys.length).toSorted((a, b) => a - b)).toEqual([5, 5, 6]);
  });

  test('a revocation that does not reach every shard rejects, and can be repeated', async () => {
    const { ledger, prefix } = await openLedger(cluster.url);
    const subject = subjectOf.file(newNonce());
    const burn = await burnRequest(ledger, { subjects: [subject] });
    const revocation = { subject, issuedUntilMs: Date.now(), forgetAtMs: Date.now() + 60_000 };
    const owner = await cluster.ownerOf(`${prefix}{18}:epoch`);
    owner.suspend();
    try {
      await expect(ledger.revoke(revocation)).rejects.toThrow(LedgerUnavailableError);
    } finally {
      owner.resume();
    }
    await answers(ledger);
    await ledger.revoke(revocation);
    expect(await ledger.burn(burn)).not.toBe('burned');
  });

  test('the death of a master supersedes the claims of its shards only, and service resumes', async () => {
    const { ledger, prefix } = await openLedger(cluster.url);
    const burns = await Promise.all(Array.from({ length: 60 }, () => burnRequest(ledger)));
    for (const burn of burns) expect(await ledger.burn(burn)).toBe('burned');
    const owner = await cluster.ownerOf(`${prefix}{18}:epoch`);
    await owner.kill();
    const startedAt = performance.now();
    const during = await Promise.allSettled(burns.map((burn) => ledger.burn(burn)));
    expect(performance.now() - startedAt).toBeLessThan(1000);
    for (const one of during) {
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LedgerUnavailableError);
      else expect(['already-used', 'superseded']).toContain(one.value);
    }
    await answers(ledger, 30_000);
    const after = await Promise.all(burns.map((burn) => ledger.burn(burn)));
    expect(new Set(after)).toEqual(new Set(['already-used', 'superseded']));
    for (let i = 0; i < 50; i += 1)
      expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
    await owner.restart();
  });
});
