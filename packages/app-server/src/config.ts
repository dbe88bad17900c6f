// The app server's settings: the only reader of `process.env`. A faulty environment is refused at
// start with every fault named, so that nothing runs on a default that was not meant.
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { EnvironmentReader, type Environment } from '@claimcheck/shared/env';
import { readRedisUrl } from '@claimcheck/shared/ledger';
import { LOG_LEVELS, type LogLevel } from '@claimcheck/shared/log';
import { normaliseEmail } from './accounts/email.js';
import { ownWordsFault } from './accounts/own-words.js';
import { passwordFault } from './accounts/password-rules.js';
import { LEAST_RETENTION_DAYS } from './audit/forget-audit.js';
import { readHandOff, type HandOffSettings } from './hand-off/hand-off-settings.js';
import { readProvider, type ProviderSettings } from './identity-provider/provider-settings.js';
import { readKeySettings, type KeySettings } from './keys/key-settings.js';
import {
  readMailFrom,
  readSmtpUrl,
  type MailFrom,
  type SmtpSettings,
} from './mail/mail-settings.js';
import { MOST_BYTES, MOST_FILES, MOST_LINKS } from './quotas/input.js';
import type { Quota } from './quotas/quota.js';
import type { MailedLinks } from './sign-in/mailed-links-off.js';

export interface AppConfig {
  host: string;
  port: number;
  /** This server's public origin: `iss` of every claim, and what `Origin` must be. */
  appOrigin: string;
  /** The download servers' public origin: `aud` of download claims and base of their URLs. */
  downloadOrigin: string;
  dataDir: string;
  /** Where uploaded files lie. The download servers read the same directory. */
  filesRoot: string;
  keys: KeySettings;
  /** How long a download server may go without asking for the public keys again. */
  keysMaxAgeSeconds: number;
  redisUrl: string | undefined;
  databaseUrl: string | undefined;
  /** The administrator to make at the first start; without it a one-time link is made instead. */
  firstAdmin: { email: string; password: string } | undefined;
  logLevel: LogLevel;
  maxFileBytes: number;
  /** Believe the last entry of `X-Forwarded-For`: set only behind a proxy that writes it. */
  trustProxy: boolean;
  /** A session unused for this long is over. */
  sessionIdleSeconds: number;
  /** A session is over this long after it began, however much it is used. */
  sessionLifeSeconds: number;
  /** Sessions one account may have at a time. */
  maxSessions: number;
  /** What happens to one more: the oldest ends, or the new one is refused until its owner ends one. */
  sessionLimitAction: 'end-oldest' | 'refuse';
  /** A remembered browser must prove anew who it is this long after it did. */
  rememberSeconds: number;
  /** Where addresses are, in MaxMind's DB format; without it only networks are named. */
  geoipFile: string | undefined;
  /** The mail server; undefined: mails are written to files in DATA_DIR/outbox. */
  smtp: SmtpSettings | undefined;
  /** Sender of every mail. */
  mailFrom: MailFrom;
  /** Which links mails may bring that open an account. */
  mailedLinks: MailedLinks;
  /** Whose accounts must have a second factor. */
  requireSecondFactor: 'off' | 'admins' | 'all';
  /** Let webhooks go to private and loopback addresses, also by plain http: for tests and evaluation. */
  webhookAllowPrivate: boolean;
  /** How many passwords are hashed at a time; each takes 19 MiB and one core. */
  hashConcurrency: number;
  metricsHost: string;
  /** No metrics when undefined. */
  metricsPort: number | undefined;
  /** What an account may have, where an administrator has not said otherwise. */
  quota: Quota;
  /** Audit entries older than this are forgotten; undefined: none is. */
  auditRetentionDays: number | undefined;
  /** OpenID Connect; undefined without a provider. */
  provider: ProviderSettings | undefined;
  /** Which app servers on other origins people are handed over to, and received from. */
  handOff: HandOffSettings;
}

const DAY_SECONDS = 24 * 60 * 60;
const YEAR_SECONDS = 365 * DAY_SECONDS;
const GIB = 2 ** 30;
const PIB = 2 ** 50;

/**
 * Reads and checks the settings.
 * @throws ConfigurationError with one line a faulty variable.
 */
export function readConfig(env: Environment = process.env): AppConfig {
  const read = new EnvironmentReader(env);
  const port = read.port('APP_PORT', 3000);
  const downloadPort = read.port('DOWNLOAD_PORT', 3001);
  const dataDir = resolve(read.text('DATA_DIR') ?? 'data');
  const appOrigin = read.origin('APP_ORIGIN', `http://localhost:${port}`);
  const downloadOrigin = read.origin('DOWNLOAD_ORIGIN', `http://localhost:${downloadPort}`);
  if (port === 0 && read.text('APP_ORIGIN') === undefined) {
    read.refuse('APP_ORIGIN', undefined, 'an origin, since APP_PORT is 0 (any free port)');
  }
  if (appOrigin === downloadOrigin) {
    read.refuse('DOWNLOAD_ORIGIN', downloadOrigin, 'another origin than APP_ORIGIN');
  }
  const config: AppConfig = {
    host: read.text('HOST') ?? '127.0.0.1',
    port,
    appOrigin,
    downloadOrigin,
    dataDir,
    filesRoot: resolve(read.text('FILES_ROOT') ?? join(dataDir, 'files')),
    ...readKeySettings(read, env, dataDir),
    redisUrl: readRedisUrl(read),
    databaseUrl: read.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    firstAdmin: readFirstAdmin(read, env, appOrigin),
    logLevel: read.choice('LOG_LEVEL', 'info', LOG_LEVELS),
    maxFileBytes: read.integer('MAX_FILE_BYTES', 10 * GIB, 1, PIB),
    trustProxy: read.choice('TRUST_PROXY', '0', ['0', '1']) === '1',
    sessionIdleSeconds: read.integer('SESSION_IDLE_SECONDS', 7 * DAY_SECONDS, 60, YEAR_SECONDS),
    sessionLifeSeconds: read.integer('SESSION_LIFE_SECONDS', 30 * DAY_SECONDS, 60, YEAR_SECONDS),
    maxSessions: read.integer('MAX_SESSIONS', 20, 1, 1000),
    sessionLimitAction: read.choice('SESSION_LIMIT_ACTION', 'end-oldest', ['end-oldest', 'refuse']),
    rememberSeconds: read.integer('REMEMBER_SECONDS', 30 * DAY_SECONDS, 60, YEAR_SECONDS),
    geoipFile: read.text('GEOIP_FILE'),
    ...readMail(read, appOrigin),
    mailedLinks: {
      'sign-in': read.choice('SIGN_IN_LINKS', 'on', ['on', 'off']) === 'on',
      'reset-password': read.choice('RESET_LINKS', 'on', ['on', 'off']) === 'on',
    },
    requireSecondFactor: read.choice('REQUIRE_SECOND_FACTOR', 'off', ['off', 'admins', 'all']),
    webhookAllowPrivate: read.choice('WEBHOOK_ALLOW_PRIVATE', '0', ['0', '1']) === '1',
    hashConcurrency: Math.max(1, Math.min(4, availableParallelism() - 1)),
    metricsHost: read.text('METRICS_HOST') ?? '127.0.0.1',
    metricsPort: read.optionalPort('METRICS_PORT'),
    ...readAccountLimits(read),
    provider: readProvider(read),
    handOff: readHandOff(read, appOrigin),
  };
  if (config.sessionIdleSeconds > config.sessionLifeSeconds) {
    read.refuse(
      'SESSION_IDLE_SECONDS',
      String(config.sessionIdleSeconds),
      `at most SESSION_LIFE_SECONDS (${config.sessionLifeSeconds})`,
    );
  }
  read.finish();
  return config;
}

/** Unset is unlimited, and for ever. */
function readAccountLimits(
  read: EnvironmentReader,
): Pick<AppConfig, 'quota' | 'auditRetentionDays'> {
  const limit = (name: string, least: number, most: number) =>
    read.text(name) === undefined ? undefined : read.integer(name, most, least, most);
  return {
    quota: {
      bytes: limit('QUOTA_BYTES', 0, MOST_BYTES) ?? null,
      files: limit('QUOTA_FILES', 0, MOST_FILES) ?? null,
      linksPerDay: limit('QUOTA_LINKS_PER_DAY', 0, MOST_LINKS) ?? null,
    },
    auditRetentionDays: limit('AUDIT_RETENTION_DAYS', LEAST_RETENTION_DAYS, 36_500),
  };
}

/** A mail server needs a sender that it may send for; without one the files bear a made-up sender. */
function readMail(
  read: EnvironmentReader,
  appOrigin: string,
): Pick<AppConfig, 'smtp' | 'mailFrom'> {
  const url = read.text('SMTP_URL');
  const from = read.text('MAIL_FROM');
  const smtp = url === undefined ? undefined : readSmtpUrl(url);
  if (smtp !== undefined && 'expected' in smtp) {
    // Never quoted: it may hold a password.
    read.faults.push(`SMTP_URL is refused; expected ${smtp.expected}`);
  }
  const standIn = { name: 'claimcheck', address: `no-reply@${new URL(appOrigin).hostname}` };
  const mailFrom = from === undefined ? standIn : readMailFrom(from);
  if (url !== undefined && from === undefined) {
    read.refuse('MAIL_FROM', undefined, 'the sender of mails, since SMTP_URL is set');
  }
  if ('expected' in mailFrom) read.refuse('MAIL_FROM', from, mailFrom.expected);
  return {
    smtp: smtp === undefined || 'expected' in smtp ? undefined : smtp,
    mailFrom: 'expected' in mailFrom ? standIn : mailFrom,
  };
}

/** Both or neither, and as good as any other account's. The password is never quoted. */
function readFirstAdmin(
  read: EnvironmentReader,
  env: Environment,
  appOrigin: string,
): AppConfig['firstAdmin'] {
  const email = read.text('ADMIN_EMAIL');
  // Not by `read.text`, which trims: a password may begin or end with a space.
  const password = env['ADMIN_PASSWORD'] || undefined;
  if (email === undefined && password === undefined) return undefined;
  if (email === undefined || password === undefined) {
    const missing = email === undefined ? 'ADMIN_EMAIL' : 'ADMIN_PASSWORD';
    read.refuse(missing, undefined, 'ADMIN_EMAIL and ADMIN_PASSWORD both, or neither');
    return undefined;
  }
  const normalised = normaliseEmail(email);
  if (normalised === undefined) read.refuse('ADMIN_EMAIL', email, 'an e-mail address');
  const fault =
    passwordFault(password) ?? ownWordsFault(password, { appOrigin, email: normalised ?? '' });
  if (fault !== undefined) read.faults.push(`ADMIN_PASSWORD is refused: ${fault}`);
  return normalised === undefined ? undefined : { email: normalised, password };
}
