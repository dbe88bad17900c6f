// Puts the download server together and takes it apart again. It opens the port and the key source and
// closes both; the ledger is the caller's.
import { listen, type Listening } from '@claimcheck/shared/http';
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { createApp } from './app.js';
import { chooseSignatureCheck } from './check-signature.js';
import type { DownloadConfig } from './config.js';
import { createDownload } from './download.js';
import { resolveFilesRoot } from './files-root.js';
import { createHealth } from './health.js';
import { createKeySource } from './key-source.js';
import { createRates } from './limit-rate.js';
import { startOffload } from './offload.js';
import { createEventRecorder } from './record-event.js';
import { createSlots, type Slots } from './slots.js';
import { createTokenVerifier } from './verify-token.js';

/** How long a request's head may take. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How long a whole request may take; none has a body worth waiting for. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Longer than the 60 s of common proxies, so that it is the proxy who closes an idle connection. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How long a client may take nothing: a download that a person has paused must survive a while. */
const STALL_TIMEOUT_MS = 5 * 60_000;
const REPORT_EVERY_MS = 5000;

export interface DownloadServerDependencies {
  config: DownloadConfig;
  /** Stays the caller's, who closes it after `stop()`. */
  ledger: Ledger;
  log: Logger;
  /** Unix milliseconds. */
  now?: () => number;
  /** How long to wait for a front server's word on a body of so many bytes, in milliseconds. */
  patienceMs?: ((bytes: number) => number) | undefined;
}

export interface DownloadServer {
  /** The port it listens on, also when 0 was asked for. */
  port: number;
  /** The UDP port that nginx is to log to when it sends the bytes. */
  offloadLogPort: number | undefined;
  /** Takes no new download, lets the running ones finish, and resolves when all is closed. */
  stop(): Promise<void>;
}

/** @throws Error with a message for the operator when the files root or the port cannot be had. */
export async function startDownloadServer({
  config,
  ledger,
  log,
  now = Date.now,
  patienceMs,
}: DownloadServerDependencies): Promise<DownloadServer> {
  const root = await resolveFilesRoot(config.filesRoot);
  const signatureCheck = chooseSignatureCheck(config.signatureCheck, { log });
  const offload =
    config.offload &&
    (await startOffload({ settings: config.offload, host: config.host, log, patienceMs }));
  const keys = createKeySource({ url: config.keysUrl, log, now });
  const slots = createSlots(config.maxDownloads);
  const rates = createRates(config.maxBytesPerSecond);
  const events = createEventRecorder({ ledger, log, now });
  const verifyToken = createTokenVerifier({ config, keys, signatureCheck });
  const download = createDownload({
    verifyToken,
    root,
    slots,
    rates,
    ledger,
    events,
    log,
    now,
    offload,
  });
  let stopping = false;
  const health = createHealth({ keys, ledger, isStopping: () => stopping });
  const handle = createApp({ origin: config.origin, log, download, health }).callback();

  let listening: Listening;
  try {
    const { host, port } = config;
    listening = await listen((request, response) => void handle(request, response), {
      host,
      port,
      portName: 'DOWNLOAD_PORT',
    });
  } catch (error) {
    await offload?.stop();
    await keys.close();
    throw error;
  }
  const { server, port } = listening;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.timeout = STALL_TIMEOUT_MS;
  log.info({ host: config.host, port, root: root.path }, 'the download server listens');

  async function stop(): Promise<void> {
    stopping = true;
    slots.close();
    const report = reportWaiting(slots, log);
    await listening.stop();
    await offload?.stop();
    clearInterval(report);
    await events.settled();
    await keys.close();
  }
  let stopped: Promise<void> | undefined;
  return { port, offloadLogPort: offload?.logPort, stop: () => (stopped ??= stop()) };
}

/** Tells an operator who waits for the end what he is waiting for. */
function reportWaiting(slots: Slots, log: Logger): NodeJS.Timeout {
  const report = () => log.info({ downloads: slots.taken }, 'stopping: downloads still running');
  if (slots.taken > 0) report();
  return setInterval(report, REPORT_EVERY_MS).unref();
}
