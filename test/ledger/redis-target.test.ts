// Reading REDIS_URL: each set-up's form, and that what is wrong is named without quoting a password.
import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl } from '@claimcheck/shared/ledger';

describe('a Redis URL', () => {
  test('names one server', () => {
    expect(parseRedisUrl('redis://localhost')).toMatchObject({
      kind: 'standalone',
      hosts: [{ host: 'localhost', port: 6379 }],
      db: 0,
      fence: 'replication-id',
      tls: undefined,
    });
    expect(parseRedisUrl('rediss://me:p%40ss%2F@[::1]:7000/3?fence=stored-epoch')).toMatchObject({
      hosts: [{ host: '::1', port: 7000 }],
      username: 'me',
      password: 'p@ss/',
      db: 3,
      fence: 'stored-epoch',
      tls: {},
    });
    expect(parseRedisUrl('redis://:secret@h')).toMatchObject({
      username: undefined,
      password: 'secret',
    });
  });

  test('names Sentinels and their master', () => {
    const url = 'redis+sentinel://u:p@a:1,b,c:3/main/2?sentinelPassword=s';
    expect(parseRedisUrl(url)).toMatchObject({
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26_379 },
        { host: 'c', port: 3 },
      ],
      masterName: 'main',
      db: 2,
      sentinelPassword: 's',
    });
  });

  test('names nodes of a Cluster', () => {
    const target = parseRedisUrl('rediss+cluster://a:1,b:2');
    expect(target).toMatchObject({ kind: 'cluster', tls: {} });
    expect(target.hosts).toHaveLength(2);
  });

  test.each([
    ['http://h', 'redis://host:port/db'],
    ['redis://', 'host:port'],
    ['redis://a,b', 'one host'],
    ['redis://h:99999', 'host:port'],
    ['redis://h/x', 'database number'],
    ['redis+sentinel://a,b', 'name of the master'],
    ['redis+cluster://a,b/1', 'no database number'],
    ['redis://h?fense=stored-epoch', 'no parameter "fense"'],
    ['redis://h?fence=none', 'fence=replication-id'],
    ['redis://h?ca=/x', 'rediss://'],
    ['rediss://h?ca=/nowhere', 'readable file'],
    ['redis://u:%zz@h', 'percent-encoding'],
  ])('%s is refused, and says what is expected', (url, expected) => {
    expect(() => parseRedisUrl(url)).toThrow(expected);
  });

  test('that is refused does not quote its password', () => {
    for (const url of ['redis://u:hunter2@a,b', 'redis://u:hunter2@h/x', 'redis:u:hunter2@h'])
      expect(() => parseRedisUrl(url)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
      );
  });
});
