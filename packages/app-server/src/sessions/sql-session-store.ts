// Sessions in SQL, for systems without Redis. `touch` is an UPDATE, so a removed row stays removed.
import type { Kysely, Selectable } from 'kysely';
import type { Schema, SessionTable } from '../database/schema.js';
import type { Session, SessionLimits, SessionStore } from './session-store.js';

export function createSqlSessionStore(db: Kysely<Schema>, limits: SessionLimits): SessionStore {
  /** The oldest instants that a session which is not over can have. */
  const bounds = (nowMs: number) => ({
    seen: new Date(nowMs - limits.idleMs),
    created: new Date(nowMs - limits.lifeMs),
  });

  return {
    add: async (session) => {
      const { seen, created } = bounds(session.createdAtMs);
      // Sign-in is the rare and slow request: it also sweeps what is over, of all accounts.
      await db
        .deleteFrom('session')
        .where((where) =>
          where.or([where('last_seen_at', '<=', seen), where('created_at', '<=', created)]),
        )
        .execute();
      await db
        .insertInto('session')
        .values({
          id_hash: session.idHash,
          reference: session.reference,
          account_id: session.accountId,
          user_agent: session.userAgent,
          address: session.address,
          created_at: new Date(session.createdAtMs),
          last_seen_at: new Date(session.lastSeenAtMs),
          method: session.method,
          proven_at: new Date(session.provenAtMs),
        })
        .execute();
    },
    find: async (idHash, nowMs) => {
      const { seen, created } = bounds(nowMs);
      const row = await db
        .selectFrom('session')
        .selectAll()
        .where('id_hash', '=', idHash)
        .where('last_seen_at', '>', seen)
        .where('created_at', '>', created)
        .executeTakeFirst();
      return row && toSession(row);
    },
    touch: async ({ idHash }, nowMs) => {
      const at = new Date(nowMs);
      await db
        .updateTable('session')
        .set({ last_seen_at: at })
        .where('id_hash', '=', idHash)
        .where('last_seen_at', '<', at)
        .execute();
    },
    renew: async (session, { idHash, atMs }) => {
      const at = new Date(atMs);
      const { numUpdatedRows } = await db
        .updateTable('session')
        .set({ id_hash: idHash, proven_at: at, last_seen_at: at })
        .where('id_hash', '=', session.idHash)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
    remove: async (sessions) => {
      if (sessions.length === 0) return;
      const references = sessions.map(({ reference }) => reference);
      await db.deleteFrom('session').where('reference', 'in', references).execute();
    },
    list: async (accountId, nowMs) => {
      const { seen, created } = bounds(nowMs);
      const rows = await db
        .selectFrom('session')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('last_seen_at', '>', seen)
        .where('created_at', '>', created)
        .orderBy('created_at')
        .orderBy('reference')
        .execute();
      return rows.map(toSession);
    },
  };
}

function toSession(row: Selectable<SessionTable>): Session {
  return {
    idHash: row.id_hash,
    reference: row.reference,
    accountId: row.account_id,
    userAgent: row.user_agent,
    address: row.address,
    createdAtMs: row.created_at.getTime(),
    lastSeenAtMs: row.last_seen_at.getTime(),
    method: row.method,
    provenAtMs: row.proven_at.getTime(),
  };
}
