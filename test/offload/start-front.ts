// A download server behind a real nginx that sends the files: with docs/nginx.conf as it is shipped, but for the
// names, ports and paths of this test. One `stop()` ends both.
import { createSocket } from 'node:dgram';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  startTestDownloadServer,
  type TestDownloadServer,
  type TestDownloadServerOptions,
} from '../download/start-download-server.js';
import { startChild } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';

const SHIPPED = fileURLToPath(new URL('../../../docs/nginx.conf', import.meta.url));
/** Debian keeps it where only root's PATH looks. */
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);

export interface TestFront {
  /** `http://127.0.0.1:PORT` of nginx. */
  url: string;
  /** nginx's own account of what it has sent since it was ready. */
  sent(): Promise<{ status: number; bytes: number }[]>;
  /** All that it has written to any log, its output included. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

export interface FrontOptions {
  /** Ports of the download servers. */
  upstreams: number[];
  /** Their UDP ports; none of them need be anybody's. */
  logPorts: number[];
  /** The files root. */
  root: string;
  /** Replaces more of the configuration; each key must occur in it. */
  changes?: Record<string, string>;
}

export async function startFront(options: FrontOptions): Promise<TestFront> {
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-front-'));
  const port = await freePort();
  await mkdir(join(directory, 'log'));
  await mkdir(join(directory, 'temporary'));
  const file = join(directory, 'nginx.conf');
  await writeFile(file, adapt(await readFile(SHIPPED, 'utf8'), port, options));
  const child = startChild('nginx', ['-p', directory, '-c', file, '-e', 'log/first.log'], {
    env: { ...process.env, PATH },
  });
  const logs = async () => {
    const names = await readdir(join(directory, 'log'));
    const texts = names.map((name) => readFile(join(directory, 'log', name), 'utf8'));
    return [child.output(), ...(await Promise.all(texts))].join('\n');
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor('nginx answers', async () => {
      if (child.process.exitCode !== null) throw new Error(`nginx ended: ${await logs()}`);
      return await fetch(`${url}/livez`).then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await child.end('SIGKILL');
    throw error;
  }
  const sent = async () => {
    const lines = (await readFile(join(directory, 'log/downloads.log'), 'utf8')).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([, , , status, bytes]) => ({ status: Number(status), bytes: Number(bytes) }));
  };
  const atStart = (await sent()).length;
  return {
    url,
    sent: async () => (await sent()).slice(atStart),
    logs,
    stop: async () => {
      await child.end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function adapt(shipped: string, port: number, options: FrontOptions): string {
  const { upstreams, logPorts, root, changes = {} } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const lines = (texts: string[]) => texts.join('\n');
  const replacements: Record<string, string> = {
    'user www-data;\nworker_processes auto;': 'daemon off;\nmaster_process off;',
    '/run/nginx.pid': 'nginx.pid',
    '/var/log/nginx/': 'log/',
    'http {': `http {\n${lines(temporary.map((name) => `${name}_temp_path temporary/${name};`))}`,
    'server 127.0.0.1:3001; # *': lines(upstreams.map((to) => `server 127.0.0.1:${to};`)),
    'access_log syslog:server=127.0.0.1:3011,nohostname,tag=claimcheck claimcheck; # *': lines(
      logPorts.map(
        (to) => `access_log syslog:server=127.0.0.1:${to},nohostname,tag=claimcheck claimcheck;`,
      ),
    ),
    'listen 443 ssl;': `listen 127.0.0.1:${port};`,
    'ssl_certificate /etc/ssl/files.example.org.pem;': '',
    'ssl_certificate_key /etc/ssl/private/files.example.org.key;': '',
    '/srv/claimcheck/files': root,
    ...changes,
  };
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`docs/nginx.conf does not have ${from}`);
    return text.replaceAll(from, to);
  }, shipped);
}

export interface OffloadingSystem {
  server: TestDownloadServer;
  front: TestFront;
  /** The address of a claim at nginx instead of at the download server. */
  atFront(url: string): string;
  stop(): Promise<void>;
}

export interface OffloadingOptions extends TestDownloadServerOptions {
  /** With `logPorts` of its own the server hears of nginx only what the test lets through. */
  front?: Partial<FrontOptions>;
  fromBytes?: number;
}

export async function startOffloading(options: OffloadingOptions = {}): Promise<OffloadingSystem> {
  const { front: frontOptions, fromBytes = 1, ...rest } = options;
  const server = await startTestDownloadServer({
    ...rest,
    config: {
      offload: { mode: 'x-accel', prefix: '/_claimcheck_files/', logPort: 0, fromBytes },
      ...rest.config,
    },
  });
  const front = await startFront({
    upstreams: [Number(new URL(server.url).port)],
    logPorts: [server.server.offloadLogPort ?? 0],
    root: server.root,
    ...frontOptions,
  }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const isHeard = () => server.logText().includes('the front server logs to us');
  if (frontOptions?.logPorts === undefined) await waitFor('nginx is heard', isHeard);
  return {
    server,
    front,
    atFront: (url) => url.replace(server.url, front.url),
    stop: async () => {
      await front.stop();
      await server.stop();
    },
  };
}

/** A UDP port that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
