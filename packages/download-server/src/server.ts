// Puts the download server together and takes it apart again. It opens the port and the key source and
// closes both; the ledger is the caller's.
import { listen, type Listening } from '@claimcheck/shared/http';
import { createKeySource } from '@claimcheck/shared/key-source';
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { createApp } from './app.js';
import { chooseSignatureCheck } from './check-signature.js';
import type { DownloadConfig } from './config.js';
import { CONNECTION_LIMITS, limitConnections } from './connection-limits.js';
import { createDownload } from './download.js';
import { createDrain } from './drain-downloads.js';
import { resolveFilesRoot } from './files-root.js';
import { createHealth } from './health.js';
import { installBase64 } from './install-base64.js';
import { createRates } from './limit-rate.js';
import { startOffload } from './offload.js';
import { NO_METRICS, type DownloadMetrics } from './metrics.js';
import { createEventRecorder } from './record-event.js';
import { createSlots } from './slots.js';
import { timeBurns } from './time-burns.js';
import { createTokenVerifier } from './verify-token.js';
import { createKeyWatch } from './watch-keys.js';
import { createReaderWatch } from './watch-readers.js';

export interface DownloadServerDependencies {
  config: DownloadConfig;
  /** Stays the caller's, who closes it after `stop()`. */
  ledger: Ledger;
  log: Logger;
  /** Where to count; nowhere unless told. */
  metrics?: DownloadMetrics;
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
  /** Cuts the running downloads; `stop()` resolves soon after. */
  cut(): void;
}

/** @throws Error with a message for the operator when the files root or the port cannot be had. */
export async function startDownloadServer(
  dependencies: DownloadServerDependencies,
): Promise<DownloadServer> {
  const { config, log, metrics = NO_METRICS, now = Date.now, patienceMs } = dependencies;
  installBase64();
  const root = await resolveFilesRoot(config.filesRoot);
  const signatureCheck = chooseSignatureCheck(config.signatureCheck, { log });
  const ledger =
    metrics === NO_METRICS ? dependencies.ledger : timeBurns(dependencies.ledger, metrics);
  const offload =
    config.offload &&
    (await startOffload({ settings: config.offload, host: config.host, log, patienceMs }));
  const { keysUrl: url, keysMaxAgeSeconds: maxAgeSeconds } = config;
  const keys = createKeySource({ url, log, maxAgeSeconds, now });
  const watchedKeys = createKeyWatch({ ledger, keys, log });
  const slots = createSlots(config.maxDownloads);
  const rates = createRates(config.maxBytesPerSecond);
  const events = createEventRecorder({ ledger, log, now });
  const verifyToken = createTokenVerifier({ config, keys, signatureCheck });
  const readers = createReaderWatch({
    limits: { fullMs: config.stallSeconds * 1000, minBytesPerSecond: config.minBytesPerSecond },
    metrics,
  });
  const download = createDownload({
    verifyToken,
    root,
    slots,
    rates,
    readers,
    watchedKeys,
    ledger,
    events,
    log,
    now,
    offload,
  });
  let listening: Listening | undefined;
  const health = createHealth({ keys, ledger, isStopping: () => listening?.stopping ?? false });
  const { requestEnded: onEnd } = metrics;
  const handle = createApp({ origin: config.origin, log, onEnd, download, health });
  metrics.observe({
    downloadsInFlight: () => slots.taken,
    maxDownloads: config.maxDownloads,
    keySetAgeSeconds: () => keys.ageSeconds,
    keysHeld: () => keys.heldCount,
    keysRetired: () => keys.retiredCount,
    eventsLost: () => events.lost,
    checkLedger: () => ledger.check(),
  });

  async function close(): Promise<void> {
    await offload?.stop();
    await events.settled();
    readers.close();
    watchedKeys.close();
    await keys.close();
  }
  const { host, port } = config;
  listening = await listen((request, response) => handle(request, response), {
    host,
    port,
    portName: 'DOWNLOAD_PORT',
    limits: CONNECTION_LIMITS,
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const { server } = listening;
  limitConnections(server, config);
  server.on('drop', () => metrics.connectionDropped());
  log.info({ host, port: listening.port, root: root.path }, 'the download server listens');

  const drain = createDrain({ config, listening, slots, readers, offload, log });
  const stop = () => drain.run().then(close);
  let stopped: Promise<void> | undefined;
  return {
    port: listening.port,
    offloadLogPort: offload?.logPort,
    stop: () => (stopped ??= stop()),
    cut: () => drain.cut(),
  };
}
