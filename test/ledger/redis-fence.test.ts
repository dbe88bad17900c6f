// What the fence rests on: that every start of a Redis master and every promotion draws a new
// master_replid, whatever data it starts from. If a Redis did not, the ledger would have to ask more.
import { describe, expect, test } from '@jest/globals';
import { askRedis, startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { burnRequest, closeLedgers, openLedger } from './open-ledger.js';

async function lifeOf(server: TestRedis): Promise<string> {
  const info = await askRedis(server.port, 'INFO replication');
  expect(info).toContain('role:master');
  return /master_replid:([0-9a-f]{40})/.exec(info)?.[1] ?? '';
}

async function startReplicaOf(master: TestRedis, args: readonly string[] = []) {
  const replica = await startRedis([...args, '--repl-diskless-sync-delay', '0']);
  await askRedis(replica.port, `REPLICAOF 127.0.0.1 ${master.port}`);
  const follows = async () =>
    (await askRedis(replica.port, 'INFO replication')).includes('master_link_status:up');
  await waitFor('the replica follows', follows, 20_000);
  return replica;
}

/** Redis refuses while the child that served a replica is still being reaped. */
async function save({ port }: TestRedis): Promise<void> {
  await waitFor('it has saved', async () => (await askRedis(port, 'SAVE')).startsWith('+OK'));
}

describe('a Redis master draws a new master_replid', () => {
  test.each([
    ['empty', []],
    ['with an AOF', ['--appendonly', 'yes', '--appendfsync', 'always']],
    ['with an RDB', []],
  ] as const)('when it restarts %s, and older claims are superseded', async (name, args) => {
    const server = await startRedis(args);
    const replica = await startReplicaOf(server);
    try {
      const { ledger } = await openLedger(server.url, { prefix: 'p:' });
      const [burned, unburned] = [await burnRequest(ledger), await burnRequest(ledger)];
      expect(await ledger.burn(burned)).toBe('burned');
      const before = await lifeOf(server);
      // With a replica attached, the RDB carries the master's replication id.
      if (name === 'with an RDB') await save(server);
      await server.restart();
      expect(await lifeOf(server)).not.toBe(before);
      await closeLedgers();
      const again = await openLedger(server.url, { prefix: 'p:' });
      const kept = await askRedis(server.port, 'EXISTS p:epoch');
      expect(kept).toBe(name === 'empty' ? ':0\r\n' : ':1\r\n');
      expect(await again.ledger.burn(burned)).toBe('superseded');
      expect(await again.ledger.burn(unburned)).toBe('superseded');
      expect(await again.ledger.burn(await burnRequest(again.ledger))).toBe('burned');
      expect(await again.ledger.burn(burned)).toBe('superseded');
    } finally {
      await closeLedgers();
      await replica.stop();
      await server.stop();
    }
  });

  test('when a replica is promoted, failed back, or restarted as a master from its own RDB', async () => {
    const first = await startRedis();
    const second = await startReplicaOf(first);
    try {
      const lives = [await lifeOf(first)];
      await askRedis(second.port, 'REPLICAOF NO ONE');
      lives.push(await lifeOf(second));
      await askRedis(first.port, `REPLICAOF 127.0.0.1 ${second.port}`);
      await waitFor('the first follows', async () =>
        (await askRedis(first.port, 'INFO replication')).includes('master_link_status:up'),
      );
      await save(first);
      await askRedis(first.port, 'REPLICAOF NO ONE');
      lives.push(await lifeOf(first));
      await askRedis(first.port, `REPLICAOF 127.0.0.1 ${second.port}`);
      await save(first);
      // Its command line names no master: it comes up as one, with a replica's data.
      await first.restart();
      lives.push(await lifeOf(first));
      expect(new Set(lives).size).toBe(lives.length);
    } finally {
      await first.stop();
      await second.stop();
    }
  });
});
