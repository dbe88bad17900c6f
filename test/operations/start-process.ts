// A download server as operators run it: the real executable over a Redis of its own, with a metrics port,
// its log parsed, and claims to fetch. Nothing in here reaches into the server; all is HTTP and signals.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce } from '@claimcheck/shared/mint';
import { addFile, AUDIENCE, ISSUER } from '../download/start-download-server.js';
import { startKeyServer } from '../download/start-key-server.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(
  new URL('../../../packages/download-server/dist/main.js', import.meta.url),
);

export type LogLine = Record<string, unknown>;

export interface DownloadProcess {
  child: Child;
  redis: TestRedis;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Its log so far, parsed; what is no JSON is left out. */
  log(): LogLine[];
  /** The log line with this message, when it is there. */
  waitForLog(message: string, withinMs?: number): Promise<LogLine>;
  /** URLs of claims for one file of `size` bytes, each good once. */
  mintUrls(count: number, size: number): Promise<string[]>;
  /** The text of its metrics. */
  metrics(): Promise<string>;
  /** The sum over all series of a metric, with these labels if any. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  readiness(): Promise<number>;
  /** Ends everything. */
  stop(): Promise<void>;
}

export async function startDownloadProcess(
  env: Record<string, string> = {},
): Promise<DownloadProcess> {
  const [redis, key, port, metricsPort, directory] = await Promise.all([
    startRedis(),
    generateSigningKey(),
    freePort(),
    freePort(),
    mkdtemp(join(tmpdir(), 'claimcheck-operations-')),
  ]);
  const keyServer = await startKeyServer([key]);
  const root = await realpath(directory);
  const child = startChild(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      DOWNLOAD_PORT: String(port),
      DOWNLOAD_ORIGIN: AUDIENCE,
      APP_ORIGIN: ISSUER,
      KEYS_URL: keyServer.url,
      FILES_ROOT: root,
      REDIS_URL: redis.url,
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: 'trace',
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;

  function log(): LogLine[] {
    return child.output().split('\n').flatMap(parseLine);
  }

  async function metrics(): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  }

  async function readiness(): Promise<number> {
    return await fetch(`${url}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  }

  async function mintUrls(count: number, size: number): Promise<string[]> {
    const connection = connectRedis(redis.url);
    const ledger = createRedisLedger({ redis: connection });
    const fil = await addFile(root, Buffer.alloc(size, 'claimcheck '));
    const urls: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const jti = newNonce();
      const fen = await waitFor('the fence', () => ledger.fence(jti).catch(() => undefined));
      const sentence = { iss: ISSUER, aud: AUDIENCE, sub: 'a', act: 'download', mod: 'strict' };
      const { token } = await mintClaim<'download'>(
        key,
        { ...sentence, act: 'download', mod: 'strict', jti, fen, fil },
        Date.now(),
        900,
      );
      urls.push(`${url}/d/${token}`);
    }
    await ledger.close();
    connection.disconnect();
    return urls;
  }

  const server: DownloadProcess = {
    child,
    redis,
    url,
    log,
    waitForLog: (message, withinMs = 20_000) =>
      waitFor(`"${message}" is logged`, () => log().find(({ msg }) => msg === message), withinMs),
    mintUrls,
    metrics,
    metric: async (name, labels = {}) => sumOf(await metrics(), name, labels),
    readiness,
    stop: async () => {
      await child.end('SIGKILL');
      await keyServer.stop();
      await redis.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
  // The last thing that a start does: with workers, all of them listen then.
  await waitFor(
    `it is ready`,
    async () => {
      if (child.process.exitCode !== null) throw new Error('it ended');
      const isUp = log().some(({ msg }) => msg === 'metrics are at /metrics');
      return isUp && (await readiness()) === 200;
    },
    40_000,
  ).catch(async (error: Error) => {
    await server.stop();
    throw new Error(`${error.message}\n${child.output()}`);
  });
  return server;
}

function parseLine(line: string): LogLine[] {
  try {
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
}

/** Reads the text format: `name{label="value",…} number`. */
export function sumOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const found = text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((pair) => line.includes(pair)));
  if (found.length === 0) throw new Error(`there is no ${name} ${JSON.stringify(labels)}`);
  return found.reduce(
    (sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1).replace('+Inf', 'Infinity')),
    0,
  );
}
