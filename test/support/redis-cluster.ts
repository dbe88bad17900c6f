// A Redis Cluster of a test's own: three masters with a replica each, on free loopback ports, tuned to
// fail over within seconds.
import { startRedis, askRedis, type TestRedis } from './redis.js';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

export interface TestCluster {
  url: string;
  /** The first three were the masters at the start, their replicas follow in the same order. */
  servers: TestRedis[];
  /** The server that owns a key's slot now, as its own view has it. */
  ownerOf(key: string): Promise<TestRedis>;
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1000;

/** @param args further arguments of each redis-server, such as `--appendonly yes`. */
export async function startCluster(args: readonly string[] = []): Promise<TestCluster> {
  const servers = await Promise.all(
    Array.from({ length: MASTERS * 2 }, async (_, n) => {
      const busPort = await freePort();
      const own = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
      const tuned = ['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--repl-diskless-sync-delay', '0'];
      const file = ['--cluster-config-file', `nodes-${n}.conf`];
      return { server: await startRedis([...args, ...own, ...tuned, ...file]), busPort };
    }),
  );
  const ports = servers.map(({ server }) => server.port);
  const [firstPort = 0] = ports;
  const perMaster = Math.ceil(SLOTS / MASTERS);
  for (const [i, port] of ports.entries()) {
    await expectOk(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    if (i < MASTERS) {
      const last = Math.min((i + 1) * perMaster, SLOTS) - 1;
      await expectOk(port, `CLUSTER ADDSLOTSRANGE ${i * perMaster} ${last}`);
    }
  }
  for (const { server, busPort } of servers.slice(1))
    await expectOk(firstPort, `CLUSTER MEET 127.0.0.1 ${server.port} ${busPort}`);
  const everyone = async (port: number) =>
    (await askRedis(port, 'CLUSTER NODES')).split('\n').filter((line) => / connected/.test(line))
      .length >= ports.length;
  for (const port of ports) await waitFor(`${port} knows all`, () => everyone(port), 20_000);
  for (const [i, port] of ports.slice(MASTERS).entries()) {
    const id = /[0-9a-f]{40}/.exec(await askRedis(ports[i] ?? 0, 'CLUSTER MYID'))?.[0];
    await expectOk(port, `CLUSTER REPLICATE ${id}`);
  }
  for (const [i, port] of ports.entries()) {
    const settled = async () => {
      const ok = (await askRedis(port, 'CLUSTER INFO')).includes('cluster_state:ok');
      const info = await askRedis(port, 'INFO replication');
      return ok && (i < MASTERS ? /state=online/ : /master_link_status:up/).test(info);
    };
    await waitFor(`the cluster is settled for ${port}`, settled, 30_000);
  }
  return {
    url: `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
    servers: servers.map(({ server }) => server),
    ownerOf: async (key) =>
      await waitFor('an owner of the slot', async () => {
        for (const { server } of servers) {
          const reply = await askRedis(server.port, `GET ${key}`, 500).catch(() => '-away');
          const role = await askRedis(server.port, 'ROLE', 500).catch(() => '');
          if (!reply.startsWith('-') && role.includes('master')) return server;
        }
        return undefined;
      }),
    stop: async () => {
      await Promise.all(servers.map(({ server }) => server.stop()));
    },
  };
}

async function expectOk(port: number, command: string): Promise<void> {
  const reply = await askRedis(port, command);
  if (!reply.startsWith('+OK')) throw new Error(`${command} on port ${port}: ${reply}`);
}
