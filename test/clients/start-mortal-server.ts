// A download server that can die: the real executable as a process of its own over a real Redis, killed as a
// crash kills it and started again on the same port, with a mint beside it. Nothing reaches into the server.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClaimedFile, DownloadClaim } from '@claimcheck/shared/claim';
import { connectRedis, createRedisLedger, type Ledger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce } from '@claimcheck/shared/mint';
import {
  addFile,
  AUDIENCE,
  ISSUER,
  someBytes,
  type FileOptions,
} from '../download/start-download-server.js';
import { startKeyServer } from '../download/start-key-server.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = fileURLToPath(
  new URL('../../../packages/download-server/dist/main.js', import.meta.url),
);

export interface MortalServer {
  /** The port it listens on, in every one of its lives. */
  port: number;
  /** Absolute path of the files root. */
  root: string;
  /** The ledger that the server uses, to look into. */
  ledger: Ledger;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** A new process on the same port; resolves when it is ready. */
  start(): Promise<void>;
  /** Everything that its processes have printed. */
  output(): string;
  /** A resumable claim to a file of `size` bytes that differ at every place. */
  offer(size: number, options?: OfferOptions): Promise<Offer>;
  stop(): Promise<void>;
}

export interface OfferOptions extends FileOptions {
  /** The port that the address names, when it is not the server's own. */
  port?: number;
  mod?: DownloadClaim['mod'];
}

export interface Offer {
  claim: DownloadClaim;
  file: ClaimedFile;
  content: Buffer;
  /** Where to fetch it, with the file's name at the end as the app server writes it. */
  url: string;
}

/** Starts it. `environment` is added to the server's settings. */
export async function startMortalServer(
  environment: Record<string, string> = {},
): Promise<MortalServer> {
  const redis = await startRedis();
  const key = await generateSigningKey();
  const keyServer = await startKeyServer([key]);
  const root = await realpath(await mkdtemp(join(tmpdir(), 'claimcheck-files-')));
  const port = await freePort();
  const connection = connectRedis(redis.url);
  const ledger = createRedisLedger({ redis: connection });
  const lives: Child[] = [];

  async function start(): Promise<void> {
    const child = startChild(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        DOWNLOAD_PORT: String(port),
        DOWNLOAD_ORIGIN: AUDIENCE,
        APP_ORIGIN: ISSUER,
        KEYS_URL: keyServer.url,
        FILES_ROOT: root,
        REDIS_URL: redis.url,
        ...environment,
      },
    });
    lives.push(child);
    const isReady = async () =>
      (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok;
    await waitFor('the download server is ready', isReady, 30_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${child.output()}`);
    });
  }

  async function offer(
    size: number,
    { port: at = port, mod = 'resumable', ...options }: OfferOptions = {},
  ): Promise<Offer> {
    const content = someBytes(size);
    const file = await addFile(root, content, options);
    const jti = newNonce();
    const fen = await waitFor('the fence', () => ledger.fence(jti).catch(() => undefined));
    const { token, claim } = await mintClaim<'download'>(
      key,
      { iss: ISSUER, aud: AUDIENCE, sub: 'acc_1', act: 'download', mod, jti, fen, fil: file },
      Date.now(),
    );
    const url = `http://127.0.0.1:${at}/d/${token}/${encodeURIComponent(file.name)}`;
    return { claim, file, content, url };
  }

  async function stop(): Promise<void> {
    for (const child of lives) await child.end('SIGKILL');
    await ledger.close();
    connection.disconnect();
    await keyServer.stop();
    await redis.stop();
    await rm(root, { recursive: true, force: true });
  }

  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    port,
    root,
    ledger,
    kill: async () => void (await lives.at(-1)?.end('SIGKILL')),
    start,
    output: () => lives.map((child) => child.output()).join(''),
    offer,
    stop,
  };
}
