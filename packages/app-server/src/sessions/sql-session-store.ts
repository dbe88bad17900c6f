// Sessions in SQL, for systems without Redis. `touch` is an UPDATE, so a removed row stays removed.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Schema, SessionTable } from '../database/schema.js';
import {
  givesPlace,
  type Addition,
  type Room,
  type Session,
  type SessionLimits,
  type SessionStore,
} from './session-store.js';

export function createSqlSessionStore(db: Kysely<Schema>, limits: SessionLimits): SessionStore {
  /** The oldest instants that a session which is not over can have. */
  const bounds = (nowMs: number) => ({
    seen: new Date(nowMs - limits.idleMs),
    created: new Date(nowMs - limits.lifeMs),
  });

  return {
    add: async (session, room) => {
      const { seen, created } = bounds(session.createdAtMs);
      // Sign-in is the rare and slow request: it also sweeps what is over, of all accounts.
      await db
        .deleteFrom('session')
        .where((where) =>
          where.or([where('last_seen_at', '<=', seen), where('created_at', '<=', created)]),
        )
        .execute();
      return await db.transaction().execute(async (transaction) => {
        await lockAccount(transaction, session.accountId);
        const own = await listLive(transaction, session.accountId, session.createdAtMs);
        const plan = planRoom(own, session, room);
        if (!plan.added) return plan;
        await removeAll(transaction, plan.ended);
        await transaction.insertInto('session').values(toRow(session)).execute();
        return plan;
      });
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
    remove: (sessions) => removeAll(db, sessions),
    list: (accountId, nowMs) => listLive(db, accountId, nowMs),
  };

  async function listLive(
    from: Kysely<Schema>,
    accountId: string,
    nowMs: number,
  ): Promise<Session[]> {
    const { seen, created } = bounds(nowMs);
    const rows = await from
      .selectFrom('session')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('last_seen_at', '>', seen)
      .where('created_at', '>', created)
      .orderBy('created_at')
      .orderBy('reference')
      .execute();
    return rows.map(toSession);
  }
}

/** Those who add a session to the same account at the same time wait here for each other. */
async function lockAccount(transaction: Transaction<Schema>, accountId: string): Promise<void> {
  await transaction
    .selectFrom('account')
    .select('id')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .execute();
}

async function removeAll(db: Kysely<Schema>, sessions: readonly Session[]): Promise<void> {
  if (sessions.length === 0) return;
  const references = sessions.map(({ reference }) => reference);
  await db.deleteFrom('session').where('reference', 'in', references).execute();
}

/** Which of an account's sessions (oldest first) end for one more. Pure; the script of Redis does the same. */
function planRoom(own: readonly Session[], next: Session, room: Room): Addition {
  const { most, whenFull } = room;
  const replaced = own.filter((one) => givesPlace(one, next, room));
  const others = own.filter((one) => !givesPlace(one, next, room));
  const tooMany = Math.max(0, others.length + 1 - most);
  if (tooMany > 0 && whenFull === 'refuse') return { added: false, ended: [] };
  return { added: true, ended: [...replaced, ...others.slice(0, tooMany)] };
}

function toRow(session: Session) {
  return {
    id_hash: session.idHash,
    reference: session.reference,
    account_id: session.accountId,
    user_agent: session.userAgent,
    address: session.address,
    created_at: new Date(session.createdAtMs),
    last_seen_at: new Date(session.lastSeenAtMs),
    method: session.method,
    proven_at: new Date(session.provenAtMs),
    remembered_id: session.rememberedId,
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
    rememberedId: row.remembered_id,
  };
}
