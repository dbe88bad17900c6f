// A download server as a test needs it: on a port of its own, with a key, the keys' well-known address, a
// temporary files root, a ledger that counts what reaches it, and a mint. One `stop()` ends all of it.
import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  readConfig,
  startDownloadServer,
  type DownloadConfig,
  type DownloadMetrics,
  type DownloadServer,
} from '@claimcheck/download-server';
import type { ClaimedFile, DownloadClaim } from '@claimcheck/shared/claim';
import { createMemoryLedger, type BurnRequest, type Ledger } from '@claimcheck/shared/ledger';
import { createLogger, type LogLevel } from '@claimcheck/shared/log';
import { generateSigningKey, mintClaim, newNonce, type SigningKey } from '@claimcheck/shared/mint';
import { waitFor } from '../support/wait-for.js';
import { startKeyServer, type TestKeyServer } from './start-key-server.js';

/** The origins that the test's claims name; nothing listens at them. */
export const AUDIENCE = 'https://files.example.org';
export const ISSUER = 'https://app.example.org';

export interface TestDownloadServer {
  server: DownloadServer;
  /** `http://127.0.0.1:PORT`. */
  url: string;
  key: SigningKey;
  keyServer: TestKeyServer;
  /** Absolute path of the files root. */
  root: string;
  ledger: CountingLedger;
  /** Everything it has logged, parsed. */
  logged: Record<string, unknown>[];
  /** The same as it was written. */
  logText(): string;
  /** Writes a file below the root and says what a claim would say of it. */
  addFile(content: string | Uint8Array, options?: FileOptions): Promise<HashedFile>;
  /** Signs a download claim; any of its fields can be set. */
  mint(file: ClaimedFile, options?: MintOptions): Promise<MintedDownload>;
  /** Stops the server and everything the fixture started. */
  stop(): Promise<void>;
}

/** What our minter says of a file: its whole hash. */
export type HashedFile = Extract<ClaimedFile, { sha256: string }>;

export interface FileOptions {
  key?: string;
  name?: string;
  type?: string;
}

export interface MintOptions extends Partial<DownloadClaim> {
  key?: SigningKey;
  nowMs?: number;
  lifeSeconds?: number;
}

export interface MintedDownload {
  token: string;
  claim: DownloadClaim;
  /** Where to fetch it. */
  url: string;
}

export interface TestDownloadServerOptions {
  /** In memory by default. The caller closes it. */
  ledger?: Ledger;
  config?: Partial<DownloadConfig>;
  now?: () => number;
  logLevel?: LogLevel;
  /** How long it waits for a front server's word, in milliseconds. */
  patienceMs?: (bytes: number) => number;
  metrics?: DownloadMetrics;
  /** Whether to wait until it has its keys; true by default. */
  untilReady?: boolean;
}

export async function startTestDownloadServer(
  options: TestDownloadServerOptions = {},
): Promise<TestDownloadServer> {
  const { now = Date.now, untilReady = true } = options;
  const key = await generateSigningKey();
  const keyServer = await startKeyServer([key]);
  const root = await realpath(await mkdtemp(join(tmpdir(), 'claimcheck-files-')));
  const ledger = countCalls(options.ledger ?? createMemoryLedger({ now }));
  const lines: string[] = [];
  const config: DownloadConfig = {
    ...readConfig({
      DOWNLOAD_PORT: '0',
      DOWNLOAD_ORIGIN: AUDIENCE,
      APP_ORIGIN: ISSUER,
      KEYS_URL: keyServer.url,
      FILES_ROOT: root,
    }),
    ...options.config,
  };
  const log = createLogger('download-server', options.logLevel ?? 'info', {
    write: (line) => lines.push(line),
  });
  const metrics = options.metrics === undefined ? {} : { metrics: options.metrics };
  const { patienceMs } = options;
  const starting = startDownloadServer({ config, ledger, log, now, patienceMs, ...metrics });
  const server = await starting.catch(async (error: unknown) => {
    await keyServer.stop();
    await rm(root, { recursive: true, force: true });
    throw error;
  });
  const url = `http://127.0.0.1:${server.port}`;
  if (untilReady) {
    await waitFor('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
  }

  return {
    server,
    url,
    key,
    keyServer,
    root,
    ledger,
    get logged() {
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    logText: () => lines.join(''),
    addFile: (content, fileOptions) => addFile(root, content, fileOptions),
    mint: async (file, mintOptions = {}) => {
      const { key: signer = key, nowMs = now(), lifeSeconds, ...fields } = mintOptions;
      const jti = fields.jti ?? newNonce();
      const sentence = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: 'acc_1',
        act: 'download' as const,
        ses: 'ses_1',
        fil: file,
        mod: 'strict' as const,
        fen: fields.fen ?? (await ledger.fence(jti)),
        ...fields,
        jti,
      };
      const { token, claim } = await mintClaim<'download'>(signer, sentence, nowMs, lifeSeconds);
      return { token, claim, url: `${url}/d/${token}` };
    },
    stop: async () => {
      await server.stop();
      await keyServer.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Writes a file and describes it as a claim would. */
export async function addFile(
  root: string,
  content: string | Uint8Array,
  { key = `${randomUUID()}.bin`, name = 'file.bin', type = 'application/octet-stream' } = {},
): Promise<HashedFile> {
  const path = join(root, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const { size, mtimeMs } = await stat(path);
  const sha256 = createHash('sha256').update(content).digest('base64url');
  return { key, name, type, size, sha256, mtime: Math.trunc(mtimeMs) };
}

/** A ledger that passes everything on and keeps account of it. */
export interface CountingLedger extends Ledger {
  /** Every burn that was asked for, responses of resumable claims among them. */
  readonly burns: BurnRequest[];
  /** Every event that was recorded, as `kind claimId bytes`; the burn's own `started` is not among them. */
  readonly recorded: string[];
  /** How many body bytes each response of a resumable claim is said to have sent, as they ended. */
  readonly settled: number[];
}

export function countCalls(ledger: Ledger): CountingLedger {
  const burns: BurnRequest[] = [];
  const recorded: string[] = [];
  const settled: number[] = [];
  return {
    ...ledger,
    burns,
    recorded,
    settled,
    settle: async (settlement) => {
      await ledger.settle(settlement);
      settled.push(settlement.sent.bytes);
    },
    burn: (request) => {
      burns.push(request);
      return ledger.burn(request);
    },
    openResponse: (request) => {
      burns.push(request);
      return ledger.openResponse(request);
    },
    record: (event) => {
      recorded.push(`${event.kind} ${event.claimId} ${event.bytes}`);
      return ledger.record(event);
    },
  };
}

/** Bytes that differ at every place, so that a shifted or repeated slice shows. */
export function someBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i ^ (i >>> 8) ^ (i >>> 16)) & 0xff;
  return bytes;
}
