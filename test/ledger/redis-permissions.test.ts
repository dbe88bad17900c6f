// Least privilege on a real Redis: the rules in docs/ledger.md suffice for each service and allow no
// more, and what is missing is named at the start. Also the stored-epoch fence for where INFO is forbidden.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { subjectOf } from '@claimcheck/shared/claim';
import { UnsuitableRedisError, type LedgerService } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { startRedis, type TestRedis } from '../support/redis.js';
import { startCluster } from '../support/redis-cluster.js';
import { waitFor } from '../support/wait-for.js';
import { answers, burnRequest, closeLedgers, makeLedger, openLedger } from './open-ledger.js';
import { makeUser } from './redis-acl.js';

const prefix = 'claimcheck:';
let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(closeLedgers);

async function urlFor(service: LedgerService, change = '', query = ''): Promise<string> {
  return `redis://${await makeUser(server.port, service, change)}@127.0.0.1:${server.port}${query}`;
}

async function refusal(url: string, service: LedgerService): Promise<string> {
  const { ledger } = makeLedger(url, { prefix, service });
  const error = await waitFor('the refusal', () =>
    ledger.check().then(
      () => undefined,
      (reason: Error) => (reason instanceof UnsuitableRedisError ? reason : undefined),
    ),
  );
  return error.message;
}

function passwordOf(user: string): string {
  return user.split(':')[1] ?? '';
}

describe('the printed ACL rules', () => {
  test('let the app server mint, revoke, burn and follow events, and the download server burn and record', async () => {
    const app = await openLedger(await urlFor('app-server'), { prefix, service: 'app-server' });
    const download = await openLedger(await urlFor('download-server'), {
      prefix,
      service: 'download-server',
    });
    const subject = subjectOf.account(newNonce());
    const [burn, revoked] = [
      await burnRequest(app.ledger, { subjects: [subject] }),
      await burnRequest(app.ledger, { subjects: [subjectOf.file('gone')] }),
    ];
    const until = { issuedUntilMs: Date.now() + 1000, forgetAtMs: Date.now() + 60_000 };
    await app.ledger.revoke({ subject: subjectOf.file('gone'), ...until });
    expect(await download.ledger.burn(burn)).toBe('burned');
    expect(await download.ledger.burn(burn)).toBe('already-used');
    expect(await download.ledger.burn(revoked)).toBe('revoked');
    await download.ledger.record({ kind: 'finished', claimId: burn.nonce, bytes: 7 });
    const feed = app.ledger.events('reader');
    const events = await waitFor('events', async () => {
      const batch = await feed.next();
      return batch.length > 0 && batch;
    });
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'finished']);
    await feed.acknowledge(events.map(({ id }) => id));
    // Sessions and sign-in limits share the app server's user.
    await app.redis
      .multi()
      .set(`${prefix}session:x`, '1', 'PX', 1000)
      .zadd(`${prefix}sessions:a`, '1', 'x')
      .exec();
    expect(await app.redis.mget(`${prefix}session:x`)).toEqual(['1']);
  });

  test('keep a download server from fences, revocations, sessions, events and settings', async () => {
    const { ledger, redis } = await openLedger(await urlFor('download-server'), {
      prefix,
      service: 'download-server',
    });
    await expect(
      ledger.revoke({ subject: 'account:a', issuedUntilMs: 1, forgetAtMs: 9e12 }),
    ).rejects.toThrow(UnsuitableRedisError);
    await expect(ledger.events('reader').next()).rejects.toThrow(UnsuitableRedisError);
    const forbidden = [
      () => redis.set(`${prefix}epoch`, 'forged'),
      () => redis.del(`${prefix}epoch`),
      () => redis.get(`${prefix}session:x`),
      () => redis.flushall(),
      () => redis.config('GET', '*'),
      () => redis.keys('*'),
      () => redis.eval("return redis.call('DEL', KEYS[1])", 1, `${prefix}epoch`),
    ];
    for (const attempt of forbidden) await expect(attempt()).rejects.toThrow(/NOPERM|can't/);
  });

  test.each([
    ['download-server', '-sadd', 'SADD'],
    ['download-server', '-expireat', 'EXPIREAT'],
    ['download-server', '-xadd', 'XADD'],
    ['download-server', '-mget', 'MGET'],
    ['app-server', '-set', 'SET'],
    ['app-server', '-info', 'INFO'],
  ] as const)('a %s user with %s is told by name', async (service, change, named) => {
    const message = await refusal(await urlFor(service, change), service);
    expect(message).toMatch(new RegExp(`\\b${named}\\b`));
  });

  test('a key pattern that misses the ledger’s keys is told', async () => {
    const url = await urlFor('download-server', `resetkeys ~other:*`);
    expect(await refusal(url, 'download-server')).toMatch(/no permissions.*keys/);
  });

  test('suffice on a Cluster', async () => {
    const cluster = await startCluster();
    try {
      const users = { app: '', download: '' };
      for (const { port } of cluster.servers) {
        // One password on all nodes.
        users.app ||= await makeUser(port, 'app-server');
        users.download ||= await makeUser(port, 'download-server');
      }
      const [app, download] = [users.app, users.download].map((user) =>
        cluster.url.replace('://', `://${user}@`),
      );
      for (const { port } of cluster.servers) {
        await makeUser(port, 'app-server', `resetpass >${passwordOf(users.app)}`);
        await makeUser(port, 'download-server', `resetpass >${passwordOf(users.download)}`);
      }
      const minting = await openLedger(app ?? '', { prefix, service: 'app-server' });
      const burning = await openLedger(download ?? '', { prefix, service: 'download-server' });
      for (let i = 0; i < 40; i += 1)
        expect(await burning.ledger.burn(await burnRequest(minting.ledger))).toBe('burned');
      await minting.ledger.revoke({
        subject: 'account:a',
        issuedUntilMs: 1,
        forgetAtMs: Date.now() + 9000,
      });
      await minting.ledger.events('reader').next();
    } finally {
      await closeLedgers();
      await cluster.stop();
    }
  });
});

describe('the stored-epoch fence', () => {
  test('works where INFO is forbidden, and a flush still supersedes', async () => {
    const query = '?fence=stored-epoch';
    const { ledger } = await openLedger(await urlFor('app-server', '-info', query), {
      prefix,
      service: 'app-server',
    });
    const burn = await burnRequest(ledger);
    expect(await ledger.burn(burn)).toBe('burned');
    expect(await ledger.burn(burn)).toBe('already-used');
    const admin = await openLedger(server.url);
    await admin.redis.flushall();
    expect(await ledger.burn(burn)).toBe('superseded');
    await answers(ledger);
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
  });

  test('and the full fence refuse each other’s claims', async () => {
    const full = await openLedger(server.url, { prefix: 'mixed:' });
    const stored = await openLedger(`${server.url}?fence=stored-epoch`, { prefix: 'mixed:' });
    expect(await stored.ledger.burn(await burnRequest(full.ledger))).toBe('superseded');
    expect(await full.ledger.burn(await burnRequest(stored.ledger))).toBe('superseded');
  });
});
