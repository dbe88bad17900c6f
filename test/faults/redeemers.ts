// The download servers of the fault tests: where they are started, and what a client sees of them. The
// only file to change when something else is to redeem the claims.
import { fork, type ChildProcess } from 'node:child_process';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { BurnRequest } from '@claimcheck/shared/ledger';

export const COPY_BYTES = 1000;
const ANSWER_WITHIN_MS = 10_000;

export interface Seen {
  /** `served`, a refusal code, or `no-answer` when the connection broke. */
  outcome: string;
  bytes: number;
}

export interface Redeemer {
  redeem(claim: BurnRequest): Promise<Seen>;
  /** SIGKILL, and a new process. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedeemer(redisUrl: string): Promise<Redeemer> {
  const agent = new Agent({ keepAlive: true });
  let child = await startProcess(redisUrl);
  const end = async () => {
    const ended = new Promise((resolve) => child.process.once('exit', resolve));
    child.process.kill('SIGKILL');
    await ended;
  };
  return {
    redeem: (claim) => redeem(agent, child.port, claim),
    restart: async () => {
      await end();
      child = await startProcess(redisUrl);
    },
    stop: async () => {
      agent.destroy();
      await end();
    },
  };
}

async function startProcess(redisUrl: string): Promise<{ process: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('./redeemer-process.js', import.meta.url)), {
    env: { ...process.env, REDIS_URL: redisUrl, COPY_BYTES: String(COPY_BYTES) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the redeemer ended with ${code}`)));
    child.stdout?.on('data', (text: Buffer) => {
      const found = /port (\d+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return { process: child, port };
}

/** One request, never repeated: what the client saw of it. */
async function redeem(agent: Agent, port: number, claim: BurnRequest): Promise<Seen> {
  return await new Promise((resolve) => {
    let bytes = 0;
    const broken = () => resolve({ outcome: 'no-answer', bytes });
    const options = { host: '127.0.0.1', port, agent, method: 'POST', timeout: ANSWER_WITHIN_MS };
    const asked = request(options, (response) => {
      const code = String(response.headers['x-code'] ?? `status ${response.statusCode}`);
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.once('error', broken);
      response.once('end', () =>
        resolve({ outcome: response.statusCode === 200 ? 'served' : code, bytes }),
      );
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', broken);
    asked.end(JSON.stringify(claim));
  });
}
