// Sessions in Redis. Keys: `PREFIXsession:HASH`, JSON, which expires with the session; and
// `PREFIXsessions:ACCOUNT`, a sorted set of the account's hashes by creation, which may name sessions
// that are over and is cleaned when it is read. `touch` is SET … XX: it never makes a key. What must be one
// step is a script. The prefix has a hash tag, so that on a Cluster they lie in one slot.
import type { RedisConnection } from '@claimcheck/shared/ledger';
import { defineSessionScripts } from './redis-scripts.js';
import {
  endOf,
  SessionsUnavailableError,
  type Session,
  type SessionLimits,
  type SessionStore,
} from './session-store.js';

export interface RedisSessionOptions {
  /** From `connectRedis`; the caller keeps it. */
  redis: RedisConnection;
  prefix: string;
  limits: SessionLimits;
}

export function createRedisSessionStore(options: RedisSessionOptions): SessionStore {
  const { redis, prefix, limits } = options;
  const scripts = defineSessionScripts(redis);
  const sessionKey = (idHash: string) => `${prefix}session:${idHash}`;
  const indexKey = (accountId: string) => `${prefix}sessions:${accountId}`;
  /** Milliseconds left, at least one, since PX takes no less. */
  const lifeLeft = (session: Session, nowMs: number) =>
    Math.max(1, Math.ceil(endOf(session, limits) - nowMs));

  async function readAll(hashes: readonly string[]): Promise<(Session | undefined)[]> {
    if (hashes.length === 0) return [];
    const texts = await redis.mget(hashes.map(sessionKey));
    return texts.map((text) => (text === null ? undefined : (JSON.parse(text) as Session)));
  }

  const store: SessionStore = {
    add: async (session, { most, whenFull, inPlaceOf = '' }) => {
      const { idHash, accountId, createdAtMs } = session;
      const [added, ...ended] = await scripts.add(
        [indexKey(accountId), sessionKey(idHash)],
        [
          sessionKey(''),
          idHash,
          JSON.stringify(session),
          ...[createdAtMs, lifeLeft(session, createdAtMs)].map(String),
          ...[limits.idleMs, limits.lifeMs, most].map(String),
          whenFull,
          inPlaceOf,
        ],
      );
      return { added: added === '1', ended: ended.map((text) => JSON.parse(text) as Session) };
    },
    find: async (idHash, nowMs) => {
      const [session] = await readAll([idHash]);
      return session && endOf(session, limits) > nowMs ? session : undefined;
    },
    touch: async (session, nowMs) => {
      if (nowMs <= session.lastSeenAtMs) return;
      const seen = { ...session, lastSeenAtMs: nowMs };
      const text = JSON.stringify(seen);
      await redis.set(sessionKey(session.idHash), text, 'PX', lifeLeft(seen, nowMs), 'XX');
    },
    renew: async (session, { idHash, atMs }) => {
      const renewed = { ...session, idHash, provenAtMs: atMs, lastSeenAtMs: atMs };
      const lifeMs = lifeLeft(renewed, atMs);
      const count = await scripts.renew(
        [indexKey(session.accountId), sessionKey(session.idHash), sessionKey(idHash)],
        [
          session.idHash,
          idHash,
          JSON.stringify(renewed),
          String(lifeMs),
          String(session.createdAtMs),
        ],
      );
      return count === 1;
    },
    remove: async (sessions) => {
      for (const accountId of new Set(sessions.map((session) => session.accountId))) {
        const own = sessions.filter((session) => session.accountId === accountId);
        const references = own.map(({ reference }) => reference);
        await scripts.remove([indexKey(accountId)], [sessionKey(''), ...references]);
      }
    },
    list: async (accountId, nowMs) => {
      const hashes = await redis.zrange(indexKey(accountId), '0', '-1');
      const read = await readAll(hashes);
      const over = hashes.filter((_, i) => read[i] === undefined);
      if (over.length > 0) await redis.zrem(indexKey(accountId), ...over);
      return read.filter(
        (session): session is Session => session !== undefined && endOf(session, limits) > nowMs,
      );
    },
  };
  return {
    add: (...args) => answered(store.add(...args)),
    find: (...args) => answered(store.find(...args)),
    touch: (...args) => answered(store.touch(...args)),
    renew: (...args) => answered(store.renew(...args)),
    remove: (...args) => answered(store.remove(...args)),
    list: (...args) => answered(store.list(...args)),
  };
}

async function answered<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    throw new SessionsUnavailableError('Redis did not answer about sessions', { cause: error });
  }
}
