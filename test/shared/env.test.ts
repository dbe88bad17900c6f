// Reading the environment: what is accepted, and that every fault is named with what was expected.
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, EnvironmentReader, requireRedis } from '@claimcheck/shared/env';

const read = (env: Record<string, string>) => new EnvironmentReader(env);

describe('the environment reader', () => {
  test('takes an unset and an empty variable as absent', () => {
    expect(read({}).text('X')).toBeUndefined();
    expect(read({ X: '  ' }).text('X')).toBeUndefined();
    expect(read({}).port('X', 3000)).toBe(3000);
  });

  test.each(['-1', '65536', '80 80', '3e3', '0x50', 'http', '1.5'])('refuses %j as a port', (X) => {
    const reader = read({ X });
    reader.port('X', 3000);
    expect(reader.faults).toEqual([`X is "${X}"; expected a whole number from 0 to 65535`]);
  });

  test.each([
    ['https://files.example.org', 'https://files.example.org'],
    ['https://files.example.org/', 'https://files.example.org'],
    ['HTTPS://Files.Example.org:443', 'https://files.example.org'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('takes %s as the origin %s', (value, origin) => {
    const reader = read({ X: value });
    expect(reader.origin('X', 'http://localhost')).toBe(origin);
    expect(reader.faults).toEqual([]);
  });

  test.each([
    'files.example.org',
    'https://files.example.org/app',
    'https://user@files.example.org',
    'ftp://files.example.org',
    'http://files.example.org',
    'http://localhost.evil.example',
  ])('refuses %s as an origin', (value) => {
    const reader = read({ X: value });
    reader.origin('X', 'http://localhost');
    expect(reader.faults).toHaveLength(1);
    expect(reader.faults[0]).toMatch(/^X is .*; expected an /);
  });

  test('never repeats a password of a faulty URL', () => {
    const reader = read({ X: 'postgres://me:secret@host/db' });
    reader.url('X', ['redis:']);
    expect(reader.faults.join()).not.toContain('secret');
  });

  test('reports all faults at once', () => {
    const reader = read({ A: 'x', B: 'y' });
    reader.port('A', 1);
    reader.choice('B', 'one', ['one', 'two']);
    expect(() => reader.finish()).toThrow(ConfigurationError);
    expect(() => reader.finish()).toThrow(/A is "x"[\s\S]*B is "y"; expected one of one, two/);
  });
});

describe('a process that holds one service alone', () => {
  test('needs REDIS_URL, and says why', () => {
    expect(() => requireRedis({ redisUrl: undefined })).toThrow(
      /REDIS_URL is not set[\s\S]*only when one process holds both/,
    );
    expect(requireRedis({ redisUrl: 'redis://localhost' })).toEqual({
      redisUrl: 'redis://localhost',
    });
  });
});
