// A Cluster of three masters and three replicas under load: a master killed, stopped past the failover and
// continued, failed back, flushed.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askRedis, type TestRedis } from '../support/redis.js';
import { startCluster, type TestCluster } from '../support/redis-cluster.js';
import { waitFor } from '../support/wait-for.js';
import { underLoad } from './under-load.js';

const WITHIN_MS = 120_000;
/** A key of one of the ledger's shards: whoever owns it is the master that something is done to. */
const KEY = 'claimcheck:{18}:epoch';

describe('on a Cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, WITHIN_MS);
  afterAll(() => cluster.stop());

  async function anotherOwnerThan(old: TestRedis): Promise<void> {
    const taken = async () => {
      for (const { port } of cluster.servers.filter((one) => one !== old)) {
        const reply = await askRedis(port, `GET ${KEY}`).catch(() => '-away');
        const role = await askRedis(port, 'ROLE').catch(() => '');
        if (!reply.startsWith('-') && role.includes('master')) return true;
      }
      return false;
    };
    await waitFor('another owner of the shard', taken, 30_000);
  }

  /** Redis gives a manual failover up after five seconds, on a busy machine before it was done. */
  async function becomesMaster(replica: TestRedis): Promise<void> {
    let orderedAt = Number.NEGATIVE_INFINITY;
    const done = async () => {
      if (await isMaster(replica)) return true;
      if (performance.now() - orderedAt > 6000) {
        orderedAt = performance.now();
        await askRedis(replica.port, 'CLUSTER FAILOVER');
      }
      return false;
    };
    await waitFor('it is master again', done, 60_000);
  }

  test(
    'kill -9 of a master, its return and failback: nothing is served twice',
    async () => {
      const verdict = await underLoad({
        name: 'Cluster, kill -9 of a master, its return, failback',
        redisUrl: cluster.url,
        act: async (load) => {
          const master = await cluster.ownerOf(KEY);
          load.fault('kill -9');
          await master.kill();
          await anotherOwnerThan(master);
          await load.servesAgain();
          load.fault('the old master returns');
          await master.restart();
          await follows(master);
          load.fault('failback');
          await becomesMaster(master);
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  test(
    'SIGSTOP of a master past the failover, then SIGCONT: the two masters serve nothing twice',
    async () => {
      const verdict = await underLoad({
        name: 'Cluster, split brain',
        redisUrl: cluster.url,
        revoke: false,
        act: async (load) => {
          const master = await cluster.ownerOf(KEY);
          load.fault('SIGSTOP');
          master.suspend();
          await anotherOwnerThan(master);
          load.fault('SIGCONT');
          master.resume();
          await follows(master);
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  test(
    'FLUSHALL of one master: nothing is served twice',
    async () => {
      await underLoad({
        name: 'Cluster, FLUSHALL of one master',
        redisUrl: cluster.url,
        act: async (load) => {
          load.fault('FLUSHALL');
          await askRedis((await cluster.ownerOf(KEY)).port, 'FLUSHALL');
        },
      });
    },
    WITHIN_MS,
  );
});

async function isMaster({ port }: TestRedis): Promise<boolean> {
  return (await askRedis(port, 'INFO replication').catch(() => '')).includes('role:master');
}

async function isReplica({ port }: TestRedis): Promise<boolean> {
  const info = await askRedis(port, 'INFO replication').catch(() => '');
  return info.includes('role:slave') && info.includes('master_link_status:up');
}

async function follows(server: TestRedis): Promise<void> {
  await waitFor('the old master follows', () => isReplica(server), 30_000);
}
