// The download servers of the fault tests: the real executable as a process of its own, and what a client
// sees of it over HTTP. Nothing in here reaches into a server.
import { Agent, request, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { AUDIENCE, ISSUER } from '../download/start-download-server.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';
import type { Issuer, MintedClaim } from './start-issuer.js';

const program = fileURLToPath(
  new URL('../../../packages/download-server/dist/main.js', import.meta.url),
);
const ANSWER_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 30_000;
const PROBLEM = 'urn:claimcheck:problem:';

export interface Seen {
  /** `served`, a refusal code, or `no-answer` when the connection broke. */
  outcome: string;
  /** Of the file. */
  bytes: number;
}

export interface Redeemer {
  redeem(claim: Pick<MintedClaim, 'token'>): Promise<Seen>;
  /** SIGKILL, and a new process, which clients find once it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it is ready: it has its keys, and its ledger answers. */
export async function startRedeemer(redisUrl: string, issuer: Issuer): Promise<Redeemer> {
  const agent = new Agent({ keepAlive: true });
  let server = await startServer(redisUrl, issuer);
  return {
    redeem: ({ token }) => redeem(agent, server.port, token),
    restart: async () => {
      await server.child.end('SIGKILL');
      server = await startServer(redisUrl, issuer);
    },
    stop: async () => {
      agent.destroy();
      await server.child.end('SIGKILL');
    },
  };
}

/** On a port of its own, also after a restart: the old one may be somebody else's by then. */
async function startServer(
  redisUrl: string,
  { keyServer, filesRoot }: Issuer,
): Promise<{ child: Child; port: number }> {
  const port = await freePort();
  const child = startChild(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      REDIS_URL: redisUrl,
      DOWNLOAD_PORT: String(port),
      DOWNLOAD_ORIGIN: AUDIENCE,
      APP_ORIGIN: ISSUER,
      KEYS_URL: keyServer.url,
      FILES_ROOT: filesRoot,
      LOG_LEVEL: 'silent',
    },
  });
  try {
    await waitFor('the download server is ready', () => isReady(child, port), READY_WITHIN_MS);
  } catch (error) {
    await child.end('SIGKILL');
    throw new Error(`the download server did not start: ${child.output()}`, { cause: error });
  }
  return { child, port };
}

async function isReady({ process: { exitCode } }: Child, port: number): Promise<boolean> {
  if (exitCode !== null) throw new Error(`it ended with ${exitCode}`);
  return await fetch(`http://127.0.0.1:${port}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** One request, never repeated: what the client saw of it. */
async function redeem(agent: Agent, port: number, token: string): Promise<Seen> {
  return await new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, agent, path: `/d/${token}` };
    const asked = request({ ...options, timeout: ANSWER_WITHIN_MS }, (response) => {
      const body: Buffer[] = [];
      response.on('data', (chunk: Buffer) => body.push(chunk));
      response.once('error', () => resolve(broken(response, Buffer.concat(body))));
      response.once('end', () => resolve(seenIn(response, Buffer.concat(body))));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve({ outcome: 'no-answer', bytes: 0 }));
    asked.end();
  });
}

/** Whatever is not a whole problem document counts as bytes of the file. */
function seenIn(response: IncomingMessage, body: Buffer): Seen {
  if (response.statusCode === 200) return { outcome: 'served', bytes: body.length };
  const code = codeOf(response, body);
  if (code !== undefined) return { outcome: code, bytes: 0 };
  return { outcome: `status ${response.statusCode}`, bytes: body.length };
}

/** A refusal that broke off in its middle has not shown anything of the file. */
function broken({ statusCode }: IncomingMessage, body: Buffer): Seen {
  return { outcome: 'no-answer', bytes: statusCode === 200 ? body.length : 0 };
}

function codeOf({ statusCode, headers }: IncomingMessage, body: Buffer): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return undefined;
  try {
    const { type, status } = JSON.parse(body.toString()) as { type: string; status: number };
    if (!type.startsWith(PROBLEM) || status !== statusCode) return undefined;
    return type.slice(PROBLEM.length);
  } catch {
    return undefined;
  }
}
