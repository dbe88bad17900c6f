// Settings: the defaults, and every fault by its name.
import { describe, expect, it, test } from '@jest/globals';
import { readConfig } from '@claimcheck/download-server';
import { resolve } from 'node:path';

describe('the settings', () => {
  it('have defaults that work together', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 3001,
      origin: 'http://localhost:3001',
      appOrigin: 'http://localhost:3000',
      keysUrl: 'http://localhost:3000/.well-known/claimcheck/keys',
      keysMaxAgeSeconds: 60,
      filesRoot: resolve('data/files'),
      redisUrl: undefined,
      logLevel: 'info',
      maxDownloads: 1000,
      signatureCheck: 'auto',
      maxBytesPerSecond: 0,
      offload: undefined,
      maxConnections: 10_000,
      workers: 1,
      stallSeconds: 300,
      minBytesPerSecond: 256,
      stopGraceSeconds: 0,
      drainSeconds: 3600,
      drainStallSeconds: 60,
      metricsHost: '127.0.0.1',
      metricsPort: undefined,
    });
  });

  it('follow from one another where they are not set', () => {
    const config = readConfig({ DOWNLOAD_PORT: '4001', APP_PORT: '4000', DATA_DIR: '/srv' });
    expect(config).toMatchObject({
      origin: 'http://localhost:4001',
      appOrigin: 'http://localhost:4000',
      keysUrl: 'http://localhost:4000/.well-known/claimcheck/keys',
      filesRoot: '/srv/files',
    });
    const set = readConfig({
      DOWNLOAD_ORIGIN: 'https://files.example.org',
      APP_ORIGIN: 'https://app.example.org',
      KEYS_URL: 'http://app:3000/keys',
      DATA_DIR: '/srv',
      FILES_ROOT: '/files',
    });
    expect(set).toMatchObject({ keysUrl: 'http://app:3000/keys', filesRoot: '/files' });
  });

  test.each([
    ['DOWNLOAD_PORT', '70000'],
    ['DOWNLOAD_ORIGIN', 'http://files.example.org'],
    ['DOWNLOAD_ORIGIN', 'https://files.example.org/path'],
    ['APP_ORIGIN', 'app'],
    ['KEYS_URL', 'file:///etc/keys'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_DOWNLOADS', '0'],
    ['SIGNATURE_CHECK', 'openssl'],
    ['MAX_BYTES_PER_SECOND', '-1'],
    ['OFFLOAD', 'sendfile'],
    ['OFFLOAD_PREFIX', 'files/'],
    ['OFFLOAD_PREFIX', '/files'],
    ['OFFLOAD_PREFIX', '/files/../'],
    ['OFFLOAD_PREFIX', '/a//b/'],
    ['OFFLOAD_LOG_PORT', '70000'],
    ['OFFLOAD_FROM_BYTES', '0'],
    ['MAX_CONNECTIONS', '0'],
    ['WORKERS', 'auto'],
    ['STALL_SECONDS', '5m'],
    ['MIN_BYTES_PER_SECOND', '-1'],
    ['STOP_GRACE_SECONDS', '3601'],
    ['DRAIN_SECONDS', '0'],
    ['DRAIN_STALL_SECONDS', '0'],
    ['METRICS_PORT', '99999'],
  ])('refuse %s=%s by name', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(`${name} is "${value}"`);
  });

  it('name the location of nginx, or the files root, where files are sent by the front server', () => {
    const rest = { logPort: 3011, fromBytes: 65_536 };
    expect(readConfig({ OFFLOAD: 'none', OFFLOAD_PREFIX: '/x/' }).offload).toBeUndefined();
    expect(readConfig({ OFFLOAD: 'x-accel' }).offload).toEqual({
      mode: 'x-accel',
      prefix: '/_claimcheck_files/',
      ...rest,
    });
    expect(readConfig({ OFFLOAD: 'x-sendfile', FILES_ROOT: '/srv/files' }).offload).toEqual({
      mode: 'x-sendfile',
      prefix: '/srv/files/',
      ...rest,
    });
    const named = { OFFLOAD: 'x-accel', OFFLOAD_PREFIX: '/sent/from/here/' };
    expect(readConfig(named).offload?.prefix).toBe('/sent/from/here/');
  });

  it('refuse a rate limit where the front server sends, which has to limit then', () => {
    const both = { OFFLOAD: 'x-accel', MAX_BYTES_PER_SECOND: '1000' };
    expect(() => readConfig(both)).toThrow(/MAX_BYTES_PER_SECOND is "1000".*limit_rate/);
  });

  it('refuse a REDIS_URL of another form by name, with the forms there are', () => {
    expect(() => readConfig({ REDIS_URL: 'localhost:6379' })).toThrow(
      /REDIS_URL is refused: expected redis:\/\/host:port.*redis\+sentinel.*redis\+cluster/,
    );
    for (const url of ['redis+cluster://a:1,b:2', 'rediss://u:p@h/1', 'redis+sentinel://s/main']) {
      expect(readConfig({ REDIS_URL: url }).redisUrl).toBe(url);
    }
  });

  it('refuse several workers with a ledger in memory, by name', () => {
    expect(() => readConfig({ WORKERS: '2' })).toThrow(/WORKERS is "2"; expected 1, or REDIS_URL/);
    expect(readConfig({ WORKERS: '2', REDIS_URL: 'redis://localhost' }).workers).toBe(2);
  });

  it('have room for twice as many connections as downloads', () => {
    expect(readConfig({ MAX_DOWNLOADS: '20000' }).maxConnections).toBe(40_000);
  });

  it('need an origin when the port is any', () => {
    expect(() => readConfig({ DOWNLOAD_PORT: '0' })).toThrow('DOWNLOAD_ORIGIN is not set');
  });
});
