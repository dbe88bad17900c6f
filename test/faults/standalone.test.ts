// A single Redis under load, with each way of keeping its data: killed, stopped, flushed, its newest writes
// cut off, and the download server killed instead.
import { describe, expect, test } from '@jest/globals';
import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { askRedis, startRedis, type TestRedis } from '../support/redis.js';
import { judgeUnderLoad, underLoad } from './under-load.js';

const PERSISTENCE = {
  'no AOF': [],
  'AOF everysec': ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  'AOF always': ['--appendonly', 'yes', '--appendfsync', 'always'],
};

async function onServer(
  args: readonly string[],
  run: (server: TestRedis) => Promise<void>,
): Promise<void> {
  const server = await startRedis(args);
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

describe.each(Object.entries(PERSISTENCE))('a single Redis with %s', (name, args) => {
  test('kill -9 and a restart: nothing is served twice, older claims are superseded', async () => {
    await onServer(args, async (server) => {
      const verdict = await underLoad({
        name: `standalone, ${name}, kill -9`,
        redisUrl: server.url,
        act: async (load) => {
          load.fault('kill -9');
          await server.restart();
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    });
  });

  test('a clean stop and a restart: nothing is served twice', async () => {
    await onServer(args, async (server) => {
      await underLoad({
        name: `standalone, ${name}, shutdown`,
        redisUrl: server.url,
        act: async (load) => {
          load.fault('shutdown');
          await askRedis(server.port, 'SHUTDOWN').catch(() => {});
          await server.restart();
        },
      });
    });
  });

  test('FLUSHALL: nothing is served twice', async () => {
    await onServer(args, async (server) => {
      const verdict = await underLoad({
        name: `standalone, ${name}, FLUSHALL`,
        redisUrl: server.url,
        act: async (load) => {
          load.fault('FLUSHALL');
          await askRedis(server.port, 'FLUSHALL');
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    });
  });
});

describe('a single Redis', () => {
  test('power loss, played by cutting the tail off its AOF: nothing is served twice', async () => {
    await onServer(PERSISTENCE['AOF everysec'], async (server) => {
      const directory =
        /\r\n(\/[^\r]*)/.exec(await askRedis(server.port, 'CONFIG GET dir'))?.[1] ?? '';
      const verdict = await underLoad({
        name: 'standalone, AOF with its last third cut off',
        redisUrl: server.url,
        act: async (load) => {
          load.fault('power loss');
          await server.kill();
          await cutTail(join(directory, 'appendonlydir'));
          await server.restart();
        },
      });
      expect(verdict.outcomes['superseded']).toBeGreaterThan(0);
    });
  });

  // What the tests above would say of a ledger that forgets: the weaker fence, chosen by its operator.
  test('with a stored epoch only, the same power loss is found to have served claims twice', async () => {
    await onServer(PERSISTENCE['AOF everysec'], async (server) => {
      const directory =
        /\r\n(\/[^\r]*)/.exec(await askRedis(server.port, 'CONFIG GET dir'))?.[1] ?? '';
      const verdict = await judgeUnderLoad({
        name: 'standalone, fence=stored-epoch, AOF with its last third cut off',
        redisUrl: `${server.url}?fence=stored-epoch`,
        keepIllegal: false,
        act: async (load) => {
          load.fault('power loss');
          await server.kill();
          await cutTail(join(directory, 'appendonlydir'));
          await server.restart();
        },
      });
      expect(verdict.legal).toBe(false);
      expect(verdict.violations.join('\n')).toContain('was served 2 times');
    });
  });

  test('SIGSTOP and SIGCONT: refused meanwhile, and nothing is lost', async () => {
    await onServer([], async (server) => {
      const verdict = await underLoad({
        name: 'standalone, SIGSTOP',
        redisUrl: server.url,
        act: async (load) => {
          load.fault('SIGSTOP');
          server.suspend();
          await load.sees('ledger-unavailable', 50);
          server.resume();
        },
      });
      expect(verdict.outcomes['ledger-unavailable']).toBeGreaterThan(0);
      expect(verdict.outcomes['superseded']).toBeUndefined();
      expect(verdict.lostToSuperseded).toBe(0);
    });
  });

  test('kill -9 of a download server: what it may have burned is served by no other', async () => {
    await onServer([], async (server) => {
      const verdict = await underLoad({
        name: 'standalone, kill -9 of a download server',
        redisUrl: server.url,
        act: async (load, [first]) => {
          load.fault('kill -9 of a download server');
          await first?.restart();
        },
      });
      expect(verdict.outcomes['superseded']).toBeUndefined();
    });
  });
});

/** Drops the last third of the newest increment of an AOF: what a disk did not get in time. */
async function cutTail(folder: string): Promise<void> {
  const [newest] = (await readdir(folder))
    .filter((file) => file.includes('.incr.'))
    .toSorted()
    .toReversed();
  if (newest === undefined) throw new Error(`no AOF in ${folder}`);
  const file = join(folder, newest);
  await truncate(file, Math.floor(((await stat(file)).size * 2) / 3));
}
