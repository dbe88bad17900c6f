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

interface Node {
  server: TestRedis;
  busPort: number;
}

/** @param args further arguments of each redis-server, such as `--appendonly yes`. */
export async function startCluster(args: readonly string[] = []): Promise<TestCluster> {
  const nodes: Node[] = [];
  const stop = async () => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
  };
  try {
    for (let n = 0; n < MASTERS * 2; n += 1) nodes.push(await startNode(args));
    await join(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const servers = nodes.map(({ server }) => server);
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    ownerOf: (key) => waitFor('an owner of the slot', () => findOwner(servers, key), 30_000),
    stop,
  };
}

async function startNode(args: readonly string[]): Promise<Node> {
  const busPort = await freePort();
  const own = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
  const tuned = ['--cluster-node-timeout', String(NODE_TIMEOUT_MS)];
  const server = await startRedis([...args, ...own, ...tuned, '--repl-diskless-sync-delay', '0']);
  return { server, busPort };
}

/** Gives each master a third of the slots, makes the nodes known to each other, adds the replicas. */
async function join(nodes: readonly Node[]): Promise<void> {
  const ports = nodes.map(({ server }) => server.port);
  const perMaster = Math.ceil(SLOTS / MASTERS);
  for (const [i, port] of ports.entries()) {
    await expectOk(port, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
    const last = Math.min((i + 1) * perMaster, SLOTS) - 1;
    if (i < MASTERS) await expectOk(port, `CLUSTER ADDSLOTSRANGE ${i * perMaster} ${last}`);
  }
  for (const { server, busPort } of nodes.slice(1))
    await expectOk(ports[0] ?? 0, `CLUSTER MEET 127.0.0.1 ${server.port} ${busPort}`);
  for (const port of ports) {
    const knowsAll = async () =>
      (await askRedis(port, 'CLUSTER NODES')).split(' connected').length > ports.length;
    await waitFor(`the nodes know each other`, knowsAll, 30_000);
  }
  for (const [i, port] of ports.slice(MASTERS).entries()) {
    const id = /[0-9a-f]{40}/.exec(await askRedis(ports[i] ?? 0, 'CLUSTER MYID'))?.[0];
    await expectOk(port, `CLUSTER REPLICATE ${id}`);
  }
  for (const [i, port] of ports.entries()) {
    const settled = async () =>
      (await askRedis(port, 'CLUSTER INFO')).includes('cluster_state:ok') &&
      (i < MASTERS ? /state=online/ : /master_link_status:up/).test(
        await askRedis(port, 'INFO replication'),
      );
    await waitFor('the cluster is settled', settled, 30_000);
  }
}

/** A node that does not own the slot answers MOVED, and a replica is none even of its own slots. */
async function findOwner(servers: readonly TestRedis[], key: string) {
  for (const server of servers) {
    const reply = await askRedis(server.port, `TYPE ${key}`, 500).catch(() => '-away');
    const role = await askRedis(server.port, 'ROLE', 500).catch(() => '');
    if (!reply.startsWith('-') && role.includes('master')) return server;
  }
  return undefined;
}

async function expectOk(port: number, command: string): Promise<void> {
  const reply = await askRedis(port, command);
  if (!reply.startsWith('+OK')) throw new Error(`${command} on port ${port}: ${reply}`);
}
