// A Redis that answers wrongly, late or only half: whatever it does, a claim is burned once or left
// unburned, and what is not certain is refused.
import { afterEach, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError } from '@claimcheck/shared/ledger';
import { startCutProxy } from '../support/cut-proxy.js';
import { askRedis, startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { answers, burnRequest, closeLedgers, openLedger } from './open-ledger.js';

afterEach(closeLedgers);

async function withRedis(
  use: (server: TestRedis) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  const server = await startRedis(args);
  try {
    await use(server);
  } finally {
    await closeLedgers();
    await server.stop();
  }
}

describe('a burn whose answer is lost', () => {
  test.each([0, 1, 5])(
    'after %i bytes of it: is refused, burned, and never burned again',
    async (bytes) => {
      await withRedis(async (server) => {
        const proxy = await startCutProxy(server.port);
        try {
          const through = await openLedger(`redis://127.0.0.1:${proxy.port}`, { prefix: 'p:' });
          const direct = await openLedger(server.url, { prefix: 'p:' });
          await through.ledger.burn(await burnRequest(through.ledger));
          const burn = await burnRequest(through.ledger);
          const cut = proxy.cutReplyTo(burn.nonce, bytes);
          await expect(through.ledger.burn(burn)).rejects.toThrow(LedgerUnavailableError);
          await cut;
          expect(await direct.ledger.burn(burn)).toBe('already-used');
          await answers(through.ledger);
          expect(await through.ledger.burn(burn)).toBe('already-used');
          // Executed once: had it been sent again, nothing more would have been written either, but
          // the one event says that the first was no dream.
          const events = await direct.redis.xrange('p:events', '-', '+');
          expect(events.filter(([, fields]) => fields.includes(burn.nonce))).toHaveLength(1);
          const stats = await askRedis(server.port, 'INFO commandstats');
          expect(stats).toMatch(/cmdstat_sadd/);
        } finally {
          await proxy.stop();
        }
      });
    },
  );
});

describe('nothing is burned', () => {
  test('by a Redis that is busy in a script', async () => {
    await withRedis(
      async (server) => {
        const { ledger } = await openLedger(server.url);
        const burn = await burnRequest(ledger);
        const busy = askRedis(server.port, 'EVAL "while true do end" 0', 30_000);
        await waitFor('Redis is busy', async () =>
          (await askRedis(server.port, 'PING', 1000).catch(() => '')).startsWith('-BUSY'),
        );
        await expect(ledger.burn(burn)).rejects.toThrow(LedgerUnavailableError);
        await askRedis(server.port, 'SCRIPT KILL');
        await busy;
        await answers(ledger);
        expect(await ledger.burn(burn)).toBe('burned');
      },
      ['--busy-reply-threshold', '100'],
    );
  });

  test('by a master that may not write, too few replicas being in sight', async () => {
    await withRedis(async (server) => {
      const { ledger } = await openLedger(server.url);
      const burn = await burnRequest(ledger);
      await askRedis(server.port, 'CONFIG SET min-replicas-to-write 1');
      await expect(ledger.burn(burn)).rejects.toThrow(LedgerUnavailableError);
      await askRedis(server.port, 'CONFIG SET min-replicas-to-write 0');
      await answers(ledger);
      expect(await ledger.burn(burn)).toBe('burned');
    });
  });

  test('by a master that became a replica while the connection stayed open', async () => {
    await withRedis(async (server) => {
      await withRedis(async (other) => {
        const { ledger } = await openLedger(server.url);
        const burn = await burnRequest(ledger);
        await askRedis(server.port, `REPLICAOF 127.0.0.1 ${other.port}`);
        await expect(ledger.burn(burn)).rejects.toThrow();
        await askRedis(server.port, 'REPLICAOF NO ONE');
        await answers(ledger);
        expect(await ledger.burn(burn)).toBe('superseded');
      });
    });
  });

  test('by a Redis that is still loading its data', async () => {
    await withRedis(
      async (server) => {
        const { ledger } = await openLedger(server.url);
        const burn = await burnRequest(ledger);
        await askRedis(server.port, 'DEBUG POPULATE 3000 key 100');
        await askRedis(server.port, 'SAVE', 20_000);
        await askRedis(server.port, 'CONFIG SET key-load-delay 1000');
        // Reloads its data in place; answers -LOADING between keys, and keeps its connections.
        const reloading = askRedis(server.port, 'DEBUG RELOAD NOSAVE', 60_000);
        await waitFor('Redis is loading', async () =>
          (await askRedis(server.port, 'PING', 5000).catch(() => '')).startsWith('-LOADING'),
        );
        await expect(ledger.burn(burn)).rejects.toThrow(LedgerUnavailableError);
        await reloading;
        await answers(ledger);
        expect(await ledger.burn(burn)).toBe('burned');
      },
      ['--enable-debug-command', 'yes', '--loading-process-events-interval-bytes', '1024'],
    );
  });
});
