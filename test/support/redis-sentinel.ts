// A master with two replicas and three Sentinels of a test's own, on free loopback ports, tuned to fail
// over within seconds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from './child.js';
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
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-sentinel-'));
  const servers: TestRedis[] = [];
  const sentinels: { port: number; child: Child }[] = [];
  const stop = async () => {
    await Promise.all(sentinels.map(({ child }) => child.end('SIGKILL')));
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await startServers(servers, args);
    for (let i = 0; i < 3; i += 1)
      sentinels.push(await startSentinel(directory, servers[0]?.port ?? 0));
    for (const { port } of sentinels) await waitFor('Sentinels', () => knowsAll(port), 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const ports = sentinels.map(({ port }) => port);
  const master = () => askMaster(ports, servers);
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    servers,
    sentinelPorts: ports,
    master,
    failOver: async () => {
      const before = await master();
      const [first = 0] = ports;
      const order = async () =>
        (await askRedis(first, `SENTINEL failover ${NAME}`)).startsWith('+OK');
      await waitFor('the Sentinels accept the failover', order, 30_000);
      const another = async () => {
        const now = await master();
        return now !== before && now;
      };
      return await waitFor('another master', another, 30_000);
    },
    stop,
  };
}

async function startServers(servers: TestRedis[], args: readonly string[]): Promise<void> {
  const first = await startRedis(args);
  servers.push(first);
  const following = ['--replicaof', '127.0.0.1', String(first.port)];
  for (let i = 0; i < 2; i += 1)
    servers.push(await startRedis([...args, ...following, '--repl-diskless-sync-delay', '0']));
  const bothFollow = async () =>
    ((await askRedis(first.port, 'INFO replication')).match(/state=online/g) ?? []).length === 2;
  await waitFor('both replicas follow', bothFollow, 30_000);
}

async function startSentinel(directory: string, masterPort: number) {
  const port = await freePort();
  const file = join(directory, `${port}.conf`);
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 5000`,
    `sentinel parallel-syncs ${NAME} 2`,
  ];
  await writeFile(file, `${settings.join('\n')}\n`);
  return { port, child: startChild('redis-server', [file, '--sentinel']) };
}

async function knowsAll(port: number): Promise<boolean> {
  const reply = await askRedis(port, `SENTINEL master ${NAME}`).catch(() => '');
  const two = (field: string) => reply.includes(`\r\n${field}\r\n$1\r\n2\r\n`);
  return two('num-slaves') && two('num-other-sentinels');
}

async function askMaster(ports: readonly number[], servers: readonly TestRedis[]) {
  const reply = await askRedis(ports[0] ?? 0, `SENTINEL get-master-addr-by-name ${NAME}`);
  const found = servers.find(({ port }) => reply.includes(`\r\n${port}\r\n`));
  if (found === undefined) throw new Error(`the Sentinels name no master: ${reply}`);
  return found;
}
