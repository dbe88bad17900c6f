// The settings of the download server, and the only file of it that reads `process.env`. Everything is
// checked here, at start, so that a typing error is a message with a name and never a default.
import { join, resolve } from 'node:path';
import { EnvironmentReader, type Environment } from '@claimcheck/shared/env';
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
  /** Absolute path; the storage keys of claims lie below it. */
  filesRoot: string;
  redisUrl: string | undefined;
  logLevel: LogLevel;
  /** How many downloads may run at once before others are told to come back. */
  maxDownloads: number;
  /** What computes signatures. */
  signatureCheck: SignatureCheckSetting;
  /** The most that one claim's responses get together, in bytes a second; 0 is no limit. */
  maxBytesPerSecond: number;
  /** Undefined: all bytes are sent from here. */
  offload: OffloadSettings | undefined;
}

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
  const config: DownloadConfig = {
    host: reader.text('HOST') ?? '127.0.0.1',
    port,
    origin: reader.origin('DOWNLOAD_ORIGIN', `http://localhost:${port}`),
    appOrigin,
    keysUrl: reader.url('KEYS_URL', ['http:', 'https:']) ?? defaultKeysUrl(appOrigin),
    filesRoot,
    redisUrl: readRedisUrl(reader),
    logLevel: reader.choice('LOG_LEVEL', 'info', LOG_LEVELS),
    maxDownloads: reader.integer('MAX_DOWNLOADS', 1000, 1, 1_000_000),
    signatureCheck: reader.choice('SIGNATURE_CHECK', 'auto', SIGNATURE_CHECKS),
    maxBytesPerSecond: reader.integer('MAX_BYTES_PER_SECOND', 0, 0, 1_000_000_000_000),
    offload: readOffloadSettings(reader, filesRoot),
  };
  if (port === 0 && reader.text('DOWNLOAD_ORIGIN') === undefined) {
    reader.refuse(
      'DOWNLOAD_ORIGIN',
      undefined,
      'the origin that claims name as their audience (DOWNLOAD_PORT is 0, so it cannot be derived)',
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
