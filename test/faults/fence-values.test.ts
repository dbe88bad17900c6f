// What the fence relies on, seen on real servers: a master's replication id is drawn anew by every start
// and every promotion, whatever the disk held. The model shows that nothing else is needed.
import { describe, expect, test } from '@jest/globals';
import { askRedis, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const DISK: Record<string, readonly string[]> = {
  nothing: [],
  'an AOF': ['--appendonly', 'yes', '--appendfsync', 'always'],
  'an RDB file': ['--save', '3600', '1000000'],
};

async function replidOf(port: number): Promise<string> {
  const found = /master_replid:([0-9a-f]{40})/.exec(await askRedis(port, 'INFO replication'))?.[1];
  if (found === undefined) throw new Error('no master_replid');
  return found;
}

async function followsUp(port: number): Promise<boolean> {
  return (await askRedis(port, 'INFO replication')).includes('master_link_status:up');
}

describe('the replication id of a master', () => {
  test.each(Object.entries(DISK))('changes at a restart with %s on disk', async (_, args) => {
    const server = await startRedis(args);
    try {
      await askRedis(server.port, 'SET key value');
      if (args.includes('--save')) await askRedis(server.port, 'SAVE');
      const ids = [await replidOf(server.port)];
      for (let i = 0; i < 3; i += 1) {
        await server.restart();
        expect(await askRedis(server.port, 'GET key')).toContain(args.length > 0 ? 'value' : '-1');
        ids.push(await replidOf(server.port));
      }
      expect(new Set(ids).size).toBe(ids.length);
    } finally {
      await server.stop();
    }
  });

  test('changes at a promotion and at a failback, and after a restarted replica is promoted', async () => {
    const [a, b] = [await startRedis(), await startRedis()];
    try {
      const ids: string[] = [];
      const follow = async (port: number, master: number) => {
        await askRedis(port, `REPLICAOF 127.0.0.1 ${master}`);
        await waitFor('the replica follows', () => followsUp(port));
      };
      const promote = async (port: number) => {
        await askRedis(port, 'REPLICAOF NO ONE');
        ids.push(await replidOf(port));
      };
      await follow(b.port, a.port);
      ids.push(await replidOf(a.port));
      expect(await replidOf(b.port)).toBe(ids[0]);
      await promote(b.port);
      await follow(a.port, b.port);
      await promote(a.port);
      await follow(b.port, a.port);
      await b.restart();
      await follow(b.port, a.port);
      await promote(b.port);
      expect(new Set(ids).size).toBe(ids.length);
    } finally {
      await a.stop();
      await b.stop();
    }
  });
});
