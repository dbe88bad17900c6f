// The settings of keys, read from the environment that `config.ts` hands in: where they lie, what encrypts them, how long
// they are published and sign. The server and the command read the same ones.
import { join, resolve } from 'node:path';
import type { EnvironmentReader, Environment } from '@claimcheck/shared/env';
import { DEFAULT_MAX_AGE_SECONDS } from '@claimcheck/shared/key-source';
import { LEAST_PASSPHRASE_CHARACTERS, type WrappingSettings } from './wrapping.js';

export interface KeySettings {
  /** Shared by all app servers. */
  directory: string;
  wrapping: WrappingSettings;
  /** How long a key is published before it signs, in seconds. */
  publishAheadSeconds: number;
  /** How long a key signs, in days; undefined: until somebody rotates. */
  rotationDays: number | undefined;
}

const DAY_SECONDS = 24 * 60 * 60;
/** A download server that asks at the very end of an age has the answer by then. */
const MARGIN_SECONDS = 10;

/** Reads `KEYS_MAX_AGE_SECONDS` too: how long a download server may go without asking again. */
export function readKeySettings(
  read: EnvironmentReader,
  env: Environment,
  dataDir: string,
): { keys: KeySettings; keysMaxAgeSeconds: number } {
  const keysMaxAgeSeconds = read.integer('KEYS_MAX_AGE_SECONDS', DEFAULT_MAX_AGE_SECONDS, 1, 3600);
  const ahead = 2 * keysMaxAgeSeconds + MARGIN_SECONDS;
  const publishAheadSeconds = read.integer('KEY_PUBLISH_AHEAD_SECONDS', ahead, 5, DAY_SECONDS);
  if (publishAheadSeconds <= keysMaxAgeSeconds) {
    read.refuse(
      'KEY_PUBLISH_AHEAD_SECONDS',
      String(publishAheadSeconds),
      `more than KEYS_MAX_AGE_SECONDS (${keysMaxAgeSeconds}), so that download servers have a key before it signs`,
    );
  }
  const days = read.integer('KEY_ROTATION_DAYS', 0, 1, 3650);
  return {
    keysMaxAgeSeconds,
    keys: {
      directory: resolve(read.text('KEYS_DIR') ?? join(dataDir, 'keys')),
      wrapping: readWrapping(read, env),
      publishAheadSeconds,
      rotationDays: days === 0 ? undefined : days,
    },
  };
}

/** One of the three at most. The passphrase is never quoted. */
function readWrapping(read: EnvironmentReader, env: Environment): WrappingSettings {
  // Not by `read.text`, which trims: a passphrase may begin or end with a space.
  const passphrase = env['KEYS_PASSPHRASE'] || undefined;
  const passphraseFile = read.text('KEYS_PASSPHRASE_FILE');
  const wrapFile = read.text('KEYS_WRAP_FILE');
  const set = [
    ['KEYS_PASSPHRASE', passphrase],
    ['KEYS_PASSPHRASE_FILE', passphraseFile],
    ['KEYS_WRAP_FILE', wrapFile],
  ].flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (set.length > 1)
    read.faults.push(`${set.join(' and ')} are set; expected one of them at most`);
  if (passphrase !== undefined && passphrase.length < LEAST_PASSPHRASE_CHARACTERS) {
    read.faults.push(
      `KEYS_PASSPHRASE is refused; expected ${LEAST_PASSPHRASE_CHARACTERS} characters or more`,
    );
  }
  return { passphrase, passphraseFile, wrapFile };
}
