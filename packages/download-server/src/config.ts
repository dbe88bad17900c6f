// The settings of the download server, and the only file of it that reads `process.env`. Everything is
// checked here, at start, so that a typing error is a message with a name and never a default.
import { join, resolve } from 'node:path';
import { EnvironmentReader, type Environment } from '@claimcheck/shared/env';
import { DEFAULT_MAX_AGE_SECONDS } from '@claimcheck/shared/key-source';
import { readRedisUrl } from '@claimcheck/shared/ledger';
import { LOG_LEVELS, type LogLevel } from '@claimcheck/shared/log';
import { SIGNATURE_CHECKS, type SignatureCheckSetting } from './check-signature.js';
import { readOffloadSettings, type OffloadSettings } from './offload-settings.js';

export interface DownloadConfig {
  host: string;
  port: number;
  /** This server's own origin: the audience of the claims it accepts. */
  origin: string;
  /** The app server's origin: the issuer of the claims it accepts. */
  appOrigin: string;
  /** Where the app server publishes its public keys. */
  keysUrl: string;
  /** Age at which they are read again. The app servers are told the same. */
  keysMaxAgeSeconds: number;
  /** Absolute path; the storage keys of claims lie below it. */
  filesRoot: string;
  redisUrl: string | undefined;
  logLevel: LogLevel;
  /** How many downloads may run at once in one process before others are told to come back. */
  maxDownloads: number;
  /** What computes signatures. */
  signatureCheck: SignatureCheckSetting;
  /** The most that one claim's responses get together, in bytes a second; 0 is no limit. */
  maxBytesPerSecond: number;
  /** Undefined: all bytes are sent from here. */
  offload: OffloadSettings | undefined;
  /** How many connections one process holds; one more is closed unheard. */
  maxConnections: number;
  /** How many processes share the port. */
  workers: number;
  /** How long a reader may take nothing. */
  stallSeconds: number;
  /** The pace below which a reader uses up what it has of that; 0: none. */
  minBytesPerSecond: number;
  /** How long a server that stops still takes downloads, so that load balancers can notice. */
  stopGraceSeconds: number;
  /** How long downloads may go on after that. */
  drainSeconds: number;
  /** How long one of them may then take nothing. */
  drainStallSeconds: number;
  metricsHost: string;
  /** No metrics when undefined. */
  metricsPort: number | undefined;
}

const DAY_SECONDS = 24 * 60 * 60;
const LEAST_CONNECTIONS = 10_000;

/**
 * Reads the settings.
 * @throws ConfigurationError that lists every faulty variable by name.
 */
export function readConfig(env: Environment = process.env): DownloadConfig {
  const reader = new EnvironmentReader(env);
  const port = reader.port('DOWNLOAD_PORT', 3001);
  const appOrigin = reader.origin(
    'APP_ORIGIN',
    `http://localhost:${reader.port('APP_PORT', 3000)}`,
  );
  const dataDirectory = reader.text('DATA_DIR') ?? './data';
  const filesRoot = resolve(reader.text('FILES_ROOT') ?? join(dataDirectory, 'files'));
  const maxDownloads = reader.integer('MAX_DOWNLOADS', 1000, 1, 1_000_000);
  const connections = Math.max(2 * maxDownloads, LEAST_CONNECTIONS);
  const config: DownloadConfig = {
    host: reader.text('HOST') ?? '127.0.0.1',
    port,
    origin: reader.origin('DOWNLOAD_ORIGIN', `http://localhost:${port}`),
    appOrigin,
    keysUrl: reader.url('KEYS_URL', ['http:', 'https:']) ?? defaultKeysUrl(appOrigin),
    keysMaxAgeSeconds: reader.integer('KEYS_MAX_AGE_SECONDS', DEFAULT_MAX_AGE_SECONDS, 1, 3600),
    filesRoot,
    redisUrl: readRedisUrl(reader),
    logLevel: reader.choice('LOG_LEVEL', 'info', LOG_LEVELS),
    maxDownloads,
    signatureCheck: reader.choice('SIGNATURE_CHECK', 'auto', SIGNATURE_CHECKS),
    maxBytesPerSecond: reader.integer('MAX_BYTES_PER_SECOND', 0, 0, 1_000_000_000_000),
    offload: readOffloadSettings(reader, filesRoot),
    maxConnections: reader.integer('MAX_CONNECTIONS', connections, 1, 10_000_000),
    workers: reader.integer('WORKERS', 1, 1, 128),
    stallSeconds: reader.integer('STALL_SECONDS', 300, 1, DAY_SECONDS),
    minBytesPerSecond: reader.integer('MIN_BYTES_PER_SECOND', 256, 0, 1_000_000_000),
    stopGraceSeconds: reader.integer('STOP_GRACE_SECONDS', 0, 0, 3600),
    drainSeconds: reader.integer('DRAIN_SECONDS', 3600, 1, 7 * DAY_SECONDS),
    drainStallSeconds: reader.integer('DRAIN_STALL_SECONDS', 60, 1, DAY_SECONDS),
    metricsHost: reader.text('METRICS_HOST') ?? '127.0.0.1',
    metricsPort: reader.optionalPort('METRICS_PORT'),
  };
  if (config.workers > 1 && config.redisUrl === undefined) {
    reader.refuse(
      'WORKERS',
      String(config.workers),
      '1, or REDIS_URL to be set: several processes cannot share a ledger in memory',
    );
  }
  if (port === 0 && reader.text('DOWNLOAD_ORIGIN') === undefined) {
    reader.refuse(
      'DOWNLOAD_ORIGIN',
      undefined,
      'the origin that claims name as their audience (DOWNLOAD_PORT is 0, so it cannot be derived)',
    );
  }
  if (config.offload?.mode === 'x-accel' && config.workers > 1) {
    reader.refuse(
      'WORKERS',
      String(config.workers),
      '1 with OFFLOAD=x-accel, since nginx logs to one process: start several download servers instead',
    );
  }
  if (config.offload && config.maxBytesPerSecond > 0) {
    reader.refuse(
      'MAX_BYTES_PER_SECOND',
      String(config.maxBytesPerSecond),
      'none, since OFFLOAD lets the front server send: limit it there (nginx: limit_rate)',
    );
  }
  reader.finish();
  return config;
}

function defaultKeysUrl(appOrigin: string): string {
  return `${appOrigin}/.well-known/claimcheck/keys`;
}
