// A master with two replicas and three Sentinels under load: the master killed, stopped past the failover
// and continued, failed over and back, flushed.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askRedis } from '../support/redis.js';
import { startSentinelGroup, type SentinelGroup } from '../support/redis-sentinel.js';
import { waitFor } from '../support/wait-for.js';
import { underLoad } from './under-load.js';

const WITHIN_MS = 120_000;

describe('behind Sentinels', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinelGroup();
  }, WITHIN_MS);
  afterAll(() => group.stop());

  /** Before a failover can be asked for, the others must be known to follow. */
  async function settled(): Promise<void> {
    await waitFor(
      'two replicas follow the master',
      async () => {
        const { port } = await group.master();
        const info = await askRedis(port, 'INFO replication').catch(() => '');
        return (info.match(/state=online/g) ?? []).length === 2;
      },
      60_000,
    );
  }

  async function anotherMasterThan(port: number): Promise<void> {
    const changed = async () => (await group.master()).port !== port;
    await waitFor('another master', changed, 30_000);
  }

  test(
    'kill -9 of the master, and its return: nothing is served twice',
    async () => {
      await settled();
      const verdict = await underLoad({
        name: 'Sentinel, kill -9 of the master and its return',
        redisUrl: group.url,
        act: async (load) => {
          const master = await group.master();
          load.fault('kill -9');
          await master.kill();
          await anotherMasterThan(master.port);
          await load.servesAgain();
          load.fault('the old master returns');
          await master.restart();
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  test(
    'SIGSTOP of the master past the failover, then SIGCONT: the two masters serve nothing twice',
    async () => {
      await settled();
      const verdict = await underLoad({
        name: 'Sentinel, split brain',
        redisUrl: group.url,
        revoke: false,
        act: async (load) => {
          const master = await group.master();
          load.fault('SIGSTOP');
          master.suspend();
          await anotherMasterThan(master.port);
          load.fault('SIGCONT');
          master.resume();
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  test(
    'failover and failback: nothing is served twice',
    async () => {
      await settled();
      const verdict = await underLoad({
        name: 'Sentinel, failover and failback',
        redisUrl: group.url,
        act: async (load) => {
          const { port } = await group.master();
          // The Sentinels prefer the lowest, so that it is this one they come back to.
          await askRedis(port, 'CONFIG SET replica-priority 1');
          do {
            await settled();
            load.fault('failover');
            await group.failOver();
            await load.servesAgain();
          } while ((await group.master()).port !== port);
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  test(
    'FLUSHALL: nothing is served twice',
    async () => {
      await settled();
      await underLoad({
        name: 'Sentinel, FLUSHALL',
        redisUrl: group.url,
        act: async (load) => {
          load.fault('FLUSHALL');
          await askRedis((await group.master()).port, 'FLUSHALL');
        },
      });
    },
    WITHIN_MS,
  );
});
