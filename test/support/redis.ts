// A real Redis of a test's own, on a free port, with an empty directory and no persistence unless a
// test asks for it. It can be stopped, continued, killed and started again on the same port.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from './child.js';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

export interface TestRedis {
  url: string;
  port: number;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  suspend(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL, then a new process on the same port: an empty one, without persistence. */
  restart(): Promise<void>;
  /** SIGKILL, nothing listens any more. */
  kill(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-redis-'));
  const port = await freePort();
  let child: Child;

  async function start(): Promise<void> {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
    child = startChild('redis-server', [...fixed, '--appendonly', 'no', ...args]);
    await waitFor(`redis-server on port ${port} answers\n${child.output()}`, () =>
      answersPing(port),
    );
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    suspend: () => void child.process.kill('SIGSTOP'),
    resume: () => void child.process.kill('SIGCONT'),
    restart: async () => {
      await child.end('SIGKILL');
      await start();
    },
    kill: async () => void (await child.end('SIGKILL')),
    stop: async () => {
      await child.end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** URL of the run's shared Redis. Use a random key prefix: other suites use it at the same time. */
export function sharedRedisUrl(): string {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined) throw new Error('no shared Redis: run the tests by `npm test`');
  return url;
}

/**
 * Sends one inline command on a connection of its own and returns the reply as it is on the wire, for
 * what has to be asked of one certain server, past any client.
 * @throws Error when there is no whole reply within `withinMs`.
 */
export async function askRedis(port: number, command: string, withinMs = 5000): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let reply = '';
    socket.setTimeout(withinMs, () =>
      socket.destroy(new Error(`no reply from ${port}: ${command}`)),
    );
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (endOfReply(reply, 0) === undefined) return;
      socket.destroy();
      resolve(reply);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${port} closed the connection: ${command}`)));
  });
}

/** Where the RESP2 value that begins at `from` ends; undefined when it has not all arrived. */
function endOfReply(text: string, from: number): number | undefined {
  const lineEnd = text.indexOf('\r\n', from);
  if (lineEnd < 0) return undefined;
  const length = Number(text.slice(from + 1, lineEnd));
  let end: number | undefined = lineEnd + 2;
  if (text[from] === '$' && length >= 0) end += length + 2;
  if (text[from] === '*')
    for (let i = 0; i < length && end !== undefined; i += 1) end = endOfReply(text, end);
  return end !== undefined && end <= text.length ? end : undefined;
}

async function answersPing(port: number): Promise<boolean> {
  return (await askRedis(port, 'PING').catch(() => '')).startsWith('+PONG');
}
