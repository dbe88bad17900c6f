// One contract for the session stores, run on PostgreSQL, on PGlite and on Redis; and over real HTTP,
// that a request in flight cannot bring a revoked session back.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createRedisSessionStore,
  createSqlSessionStore,
  hashOfId,
  newSessionId,
  openDatabase,
  type Room,
  type Session,
  type SessionStore,
} from '@claimcheck/app-server';
import { connectRedis } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { ADMIN, startTestAppServer, type StartOptions } from './start-app-server.js';

const MINUTE_MS = 60_000;
const limits = { idleMs: 60 * MINUTE_MS, lifeMs: 180 * MINUTE_MS };
const ROOMY: Room = { most: 1000, whenFull: 'refuse', inPlaceOf: undefined };
const log = createLogger('test', 'silent');

interface OpenStore {
  store: SessionStore;
  addAccount(): Promise<string>;
  close(): Promise<void>;
}

async function openSqlStore(databaseUrl: string | undefined): Promise<OpenStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-sessions-'));
  const { db, close } = await openDatabase({ databaseUrl, dataDir, log });
  return {
    store: createSqlSessionStore(db, limits),
    addAccount: async () => {
      const id = randomBytes(9).toString('base64url');
      const nothing = { email: null, password_hash: null, disabled_at: null };
      await db
        .insertInto('account')
        .values({ id, role: 'member', created_at: new Date(), ...nothing })
        .execute();
      return id;
    },
    close: async () => {
      await close();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function openRedisStore(): Promise<OpenStore> {
  const redis = connectRedis(sharedRedisUrl());
  await waitFor('Redis is connected', () => redis.status === 'ready');
  const prefix = `test-${randomBytes(6).toString('hex')}:`;
  return {
    store: createRedisSessionStore({ redis, prefix, limits }),
    addAccount: async () => randomBytes(9).toString('base64url'),
    close: async () => redis.disconnect(),
  };
}

describe.each([
  ['SQL (PostgreSQL)', async () => openSqlStore(await createDatabase())],
  ['SQL (PGlite)', () => openSqlStore(undefined)],
  ['Redis', openRedisStore],
])('the session store in %s', (_, open) => {
  let opened: OpenStore;
  let store: SessionStore;
  const startMs = Date.now();

  beforeAll(async () => {
    opened = await open();
    store = opened.store;
  });
  afterAll(() => opened.close());

  async function begin(
    accountId: string,
    createdAtMs = startMs,
    room: Room = ROOMY,
  ): Promise<Session> {
    const session = {
      idHash: hashOfId(newSessionId()),
      reference: randomBytes(9).toString('base64url'),
      accountId,
      userAgent: 'a “browser”',
      address: '192.0.2.1',
      createdAtMs,
      lastSeenAtMs: createdAtMs,
      method: 'password',
      provenAtMs: createdAtMs,
      rememberedId: null,
    } satisfies Session;
    const { added } = await store.add(session, room);
    if (!added) throw new Error('there was no room');
    return session;
  }

  test('finds a session as it was added', async () => {
    const session = await begin(await opened.addAccount());
    expect(await store.find(session.idHash, startMs)).toEqual(session);
    expect(await store.find(hashOfId(newSessionId()), startMs)).toBeUndefined();
  });

  test('knows a removed session no more, neither by its id nor in the list', async () => {
    const accountId = await opened.addAccount();
    const [kept, removed] = [await begin(accountId), await begin(accountId)];
    await store.remove([removed]);
    await store.remove([removed]);
    expect(await store.find(removed.idHash, startMs)).toBeUndefined();
    expect(await store.list(accountId, startMs)).toEqual([kept]);
  });

  test('does not bring a session back that was removed between its reading and its touch', async () => {
    const accountId = await opened.addAccount();
    const session = await begin(accountId);
    const inFlight = await store.find(session.idHash, startMs);
    await store.remove([session]);
    if (inFlight) await store.touch(inFlight, startMs + MINUTE_MS);
    expect(inFlight).toBeDefined();
    expect(await store.find(session.idHash, startMs + MINUTE_MS)).toBeUndefined();
    expect(await store.list(accountId, startMs + MINUTE_MS)).toEqual([]);
  });

  test('ends the oldest for one more than there is room for, and says which', async () => {
    const accountId = await opened.addAccount();
    const first = await begin(accountId, startMs + 1);
    const second = await begin(accountId, startMs + 2);
    const third = { ...second, idHash: hashOfId(newSessionId()), reference: 'third-of-three' };
    const room: Room = { most: 2, whenFull: 'end-oldest', inPlaceOf: undefined };
    const added = await store.add({ ...third, reference: `third-${accountId}` }, room);
    expect(added).toEqual({ added: true, ended: [first] });
    expect(await store.find(first.idHash, startMs + 3)).toBeUndefined();
    expect(await store.list(accountId, startMs + 3)).toHaveLength(2);
  });

  test('refuses one more where that is the rule, but not in the place of one that goes', async () => {
    const accountId = await opened.addAccount();
    const old = await begin(accountId);
    const next = { ...old, idHash: hashOfId(newSessionId()), reference: `next-${accountId}` };
    const room: Room = { most: 1, whenFull: 'refuse', inPlaceOf: undefined };
    expect(await store.add(next, room)).toEqual({ added: false, ended: [] });
    expect(await store.list(accountId, startMs)).toEqual([old]);
    const inPlace = { ...room, inPlaceOf: old.reference };
    expect(await store.add(next, inPlace)).toEqual({ added: true, ended: [old] });
    expect(await store.list(accountId, startMs)).toEqual([next]);
  });

  test('gives a remembered browser one session, in the place of the one that it had', async () => {
    const accountId = await opened.addAccount();
    const other = await begin(accountId);
    const room: Room = { most: 2, whenFull: 'refuse', inPlaceOf: undefined };
    const had: Session = {
      ...other,
      idHash: hashOfId(newSessionId()),
      reference: `had-${accountId}`,
      rememberedId: `browser-${accountId}`,
    };
    expect(await store.add(had, room)).toEqual({ added: true, ended: [] });
    const next = { ...had, idHash: hashOfId(newSessionId()), reference: `has-${accountId}` };
    expect(await store.add(next, room)).toEqual({ added: true, ended: [had] });
    const left = await store.list(accountId, startMs);
    expect(left).toHaveLength(2);
    expect(left).toEqual(expect.arrayContaining([other, next]));
  });

  test('counts sessions that are over for nothing', async () => {
    const accountId = await opened.addAccount();
    await begin(accountId, startMs - limits.idleMs);
    await begin(accountId, startMs, { most: 1, whenFull: 'refuse', inPlaceOf: undefined });
    expect(await store.list(accountId, startMs)).toHaveLength(1);
  });

  test.each(['end-oldest', 'refuse'] as const)(
    'never has more than there is room for, however many begin at once (%s)',
    async (whenFull) => {
      const accountId = await opened.addAccount();
      const room: Room = { most: 3, whenFull, inPlaceOf: undefined };
      const beginning = Array.from({ length: 12 }, () => begin(accountId, startMs, room));
      const results = await Promise.allSettled(beginning);
      expect(await store.list(accountId, startMs)).toHaveLength(3);
      const begun = results.filter(({ status }) => status === 'fulfilled');
      expect(begun).toHaveLength(whenFull === 'refuse' ? 3 : 12);
    },
  );

  test('gives a session another id and notes the proof, and knows the old id no more', async () => {
    const accountId = await opened.addAccount();
    const session = await begin(accountId);
    const idHash = hashOfId(newSessionId());
    const atMs = startMs + MINUTE_MS;
    expect(await store.renew(session, { idHash, atMs })).toBe(true);
    const renewed = { ...session, idHash, provenAtMs: atMs, lastSeenAtMs: atMs };
    expect(await store.find(session.idHash, atMs)).toBeUndefined();
    expect(await store.find(idHash, atMs)).toEqual(renewed);
    expect(await store.list(accountId, atMs)).toEqual([renewed]);
  });

  test('does not bring a session back that was removed between its reading and its proof', async () => {
    const accountId = await opened.addAccount();
    const session = await begin(accountId);
    await store.remove([session]);
    const idHash = hashOfId(newSessionId());
    expect(await store.renew(session, { idHash, atMs: startMs + MINUTE_MS })).toBe(false);
    expect(await store.find(idHash, startMs + MINUTE_MS)).toBeUndefined();
    expect(await store.list(accountId, startMs + MINUTE_MS)).toEqual([]);
  });

  test('removes a session that got another id since it was read', async () => {
    const accountId = await opened.addAccount();
    const session = await begin(accountId);
    const idHash = hashOfId(newSessionId());
    await store.renew(session, { idHash, atMs: startMs + MINUTE_MS });
    await store.remove([session]);
    expect(await store.find(idHash, startMs + MINUTE_MS)).toBeUndefined();
    expect(await store.list(accountId, startMs + MINUTE_MS)).toEqual([]);
  });

  test('touches under the old id change nothing once there is a new one', async () => {
    const accountId = await opened.addAccount();
    const session = await begin(accountId);
    const idHash = hashOfId(newSessionId());
    await store.renew(session, { idHash, atMs: startMs + MINUTE_MS });
    await store.touch(session, startMs + 2 * MINUTE_MS);
    const [only, ...more] = await store.list(accountId, startMs + 2 * MINUTE_MS);
    expect(more).toEqual([]);
    expect(only).toMatchObject({ idHash, lastSeenAtMs: startMs + MINUTE_MS });
  });

  test('ends a session that was not used for the idle time, and keeps one that was', async () => {
    const accountId = await opened.addAccount();
    const [idle, used] = [await begin(accountId), await begin(accountId)];
    await store.touch(used, startMs + 30 * MINUTE_MS);
    const justBefore = startMs + limits.idleMs - 1;
    expect(await store.find(idle.idHash, justBefore)).toBeDefined();
    const atEnd = startMs + limits.idleMs;
    expect(await store.find(idle.idHash, atEnd)).toBeUndefined();
    const lastSeenAtMs = startMs + 30 * MINUTE_MS;
    expect(await store.list(accountId, atEnd)).toEqual([{ ...used, lastSeenAtMs }]);
  });

  test('ends a session at the end of its life, however much it was used', async () => {
    const session = await begin(await opened.addAccount());
    // Not the last instant: Redis forgets it by its own clock, which goes on.
    const nearEnd = startMs + limits.lifeMs - MINUTE_MS;
    await store.touch(session, nearEnd);
    expect(await store.find(session.idHash, nearEnd)).toBeDefined();
    expect(await store.find(session.idHash, startMs + limits.lifeMs)).toBeUndefined();
  });

  test('never turns the last use back', async () => {
    const session = await begin(await opened.addAccount());
    await store.touch(session, startMs + 5 * MINUTE_MS);
    await store.touch({ ...session, lastSeenAtMs: startMs + 5 * MINUTE_MS }, startMs + MINUTE_MS);
    const found = await store.find(session.idHash, startMs);
    expect(found?.lastSeenAtMs).toBe(startMs + 5 * MINUTE_MS);
  });

  test('lists an account’s sessions, oldest first, and nobody else’s', async () => {
    const [accountId, other] = [await opened.addAccount(), await opened.addAccount()];
    const second = await begin(accountId, startMs + 2);
    const first = await begin(accountId, startMs + 1);
    await begin(other);
    expect(await store.list(accountId, startMs + 3)).toEqual([first, second]);
  });
});

describe.each<[string, () => Promise<StartOptions>]>([
  ['SQL', async () => ({ databaseUrl: await createDatabase() })],
  ['Redis', async () => ({ databaseUrl: await createDatabase(), redisUrl: sharedRedisUrl() })],
])('a request in flight while its session is revoked, sessions in %s', (_, options) => {
  test('ends without bringing the session back', async () => {
    let clockMs = Date.now();
    const app = await startTestAppServer({ ...(await options()), now: () => clockMs });
    try {
      const [victim, elsewhere] = [await app.signedIn(), await app.signedIn()];
      // The next request is one that would note the session as used.
      clockMs += 10 * MINUTE_MS;
      let send: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => void (send = controller),
      });
      send?.enqueue(new Uint8Array(1000));
      const uploading = victim.request('PUT', '/api/files?name=held', { body });

      // The touch of the held request shows in the list: it is past its guards and truly in flight.
      const list = async () => {
        const response = await elsewhere.get('/api/sessions');
        const { sessions } = (await response.json()) as {
          sessions: { id: string; current: boolean; createdAt: string; lastSeenAt: string }[];
        };
        return sessions.find(({ current }) => !current);
      };
      const held = await waitFor('the held request is in flight', async () => {
        const session = await list();
        return session && session.lastSeenAt > session.createdAt ? session : undefined;
      });
      const ended = await elsewhere.request('DELETE', `/api/sessions/${held.id}`);
      expect(ended.status).toBe(204);
      clockMs += 10 * MINUTE_MS;
      send?.close();
      await uploading;

      expect((await victim.get('/api/session')).status).toBe(401);
      expect(await list()).toBeUndefined();
    } finally {
      await app.stop();
    }
  });
});

test('a session is read by hash: the stored form does not sign anybody in', async () => {
  const app = await startTestAppServer({ databaseUrl: await createDatabase() });
  try {
    const client = await app.signedIn(ADMIN);
    const id = client.cookies.get('__Host-claimcheck') ?? '';
    expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/);
    client.cookies.set('__Host-claimcheck', hashOfId(id).slice(0, 43));
    expect((await client.get('/api/session')).status).toBe(401);
  } finally {
    await app.stop();
  }
});
