// A master with two replicas and three Sentinels of a test's own, on free loopback ports, tuned to fail
// over within seconds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.js';
import { freePort } from './free-port.js';
import { askRedis, startRedis, type TestRedis } from './redis.js';
import { waitFor } from './wait-for.js';

export interface SentinelGroup {
  url: string;
  /** The first was the master at the start. */
  servers: TestRedis[];
  sentinelPorts: number[];
  /** The server that the first Sentinel calls the master now. */
  master(): Promise<TestRedis>;
  /** Makes the Sentinels promote a replica; resolves when they name another master. */
  failOver(): Promise<TestRedis>;
  stop(): Promise<void>;
}

const NAME = 'ledger';
const DOWN_AFTER_MS = 1000;

/** @param args further arguments of each redis-server, such as `--appendonly yes`. */
export async function startSentinelGroup(args: readonly string[] = []): Promise<SentinelGroup> {
  const first = await startRedis(args);
  const replicas = await Promise.all(
    [1, 2].map(() =>
      startRedis([...args, '--replicaof', '127.0.0.1', String(first.port), '--repl-diskless-sync-delay', '0']),
    ),
  );
  const servers = [first, ...replicas];
  await waitFor('both replicas follow', async () =>
    /connected_slaves:2[^]*state=online[^]*state=online/.test(await askRedis(first.port, 'INFO replication')),
  );
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-sentinel-'));
  const sentinels = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const port = await freePort();
      const file = join(directory, `${n}.conf`);
      const settings = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${directory}`,
        `sentinel monitor ${NAME} 127.0.0.1 ${first.port} 2`,
        `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
        `sentinel failover-timeout ${NAME} 5000`,
        `sentinel parallel-syncs ${NAME} 2`,
      ];
      await writeFile(file, `${settings.join('\n')}\n`);
      return { port, child: startChild('redis-server', [file, '--sentinel']) };
    }),
  );
  const sentinelPorts = sentinels.map(({ port }) => port);
  const [askedPort = 0] = sentinelPorts;

  async function master(): Promise<TestRedis> {
    const reply = await askRedis(askedPort, `SENTINEL get-master-addr-by-name ${NAME}`);
    const found = servers.find(({ port }) => reply.includes(`\r\n${port}\r\n`));
    if (found === undefined) throw new Error(`the Sentinels name no master: ${reply}`);
    return found;
  }

  for (const port of sentinelPorts) {
    await waitFor(
      `Sentinel ${port} knows all the others`,
      async () => {
        const reply = await askRedis(port, `SENTINEL master ${NAME}`).catch(() => '');
        return /num-slaves\r\n\$1\r\n2\r\n/.test(reply) && /num-other-sentinels\r\n\$1\r\n2\r\n/.test(reply);
      },
      20_000,
    );
  }
  return {
    url: `redis+sentinel://${sentinelPorts.map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    servers,
    sentinelPorts,
    master,
    failOver: async () => {
      const before = await master();
      await waitFor(
        'the Sentinels accept the failover',
        async () => (await askRedis(askedPort, `SENTINEL failover ${NAME}`)).startsWith('+OK'),
        20_000,
      );
      return await waitFor(
        'another master',
        async () => {
          const now = await master();
          return now !== before && now;
        },
        20_000,
      );
    },
    stop: async () => {
      await Promise.all(sentinels.map(({ child }) => child.end('SIGKILL')));
      await Promise.all(servers.map((server) => server.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
