// The settings of keys: what follows from what, and every fault by its name.
import { describe, expect, test } from '@jest/globals';
import { readConfig } from '@claimcheck/app-server';
import { ConfigurationError } from '@claimcheck/shared/env';

function faultsOf(env: Record<string, string | undefined>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the settings of keys', () => {
  test('follow from one another: a key is published for longer than a download server goes without asking', () => {
    const { keys, keysMaxAgeSeconds } = readConfig({
      KEYS_MAX_AGE_SECONDS: '20',
      DATA_DIR: '/srv',
    });
    expect([keysMaxAgeSeconds, keys.publishAheadSeconds]).toEqual([20, 50]);
    expect(keys.directory).toBe('/srv/keys');
    const set = readConfig({ KEYS_DIR: '/mnt/keys', KEY_ROTATION_DAYS: '30' }).keys;
    expect([set.directory, set.rotationDays]).toEqual(['/mnt/keys', 30]);
  });

  test('keep a passphrase as it was typed', () => {
    const { wrapping } = readConfig({ KEYS_PASSPHRASE: ' with spaces around ' }).keys;
    expect(wrapping.passphrase).toBe(' with spaces around ');
  });

  test.each([
    [{ KEY_PUBLISH_AHEAD_SECONDS: '60' }, 'KEY_PUBLISH_AHEAD_SECONDS'],
    [{ KEY_PUBLISH_AHEAD_SECONDS: '4', KEYS_MAX_AGE_SECONDS: '1' }, 'KEY_PUBLISH_AHEAD_SECONDS'],
    [{ KEYS_MAX_AGE_SECONDS: '0' }, 'KEYS_MAX_AGE_SECONDS'],
    [{ KEY_ROTATION_DAYS: '0' }, 'KEY_ROTATION_DAYS'],
    [{ KEY_ROTATION_DAYS: 'monthly' }, 'KEY_ROTATION_DAYS'],
    [{ KEYS_PASSPHRASE: 'too short' }, 'KEYS_PASSPHRASE'],
    [
      { KEYS_PASSPHRASE: 'long enough to be one', KEYS_WRAP_FILE: '/x' },
      'KEYS_PASSPHRASE and KEYS_WRAP_FILE',
    ],
    [
      { KEYS_PASSPHRASE_FILE: '/x', KEYS_WRAP_FILE: '/x' },
      'KEYS_PASSPHRASE_FILE and KEYS_WRAP_FILE',
    ],
  ])('are refused by name: %j', (env, name) => {
    const faults = faultsOf(env);
    expect(faults).toContain(name);
    expect(faults).not.toContain('too short');
    expect(faults).not.toContain('long enough');
  });
});
