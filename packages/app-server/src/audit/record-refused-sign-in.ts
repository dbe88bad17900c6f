// Refused sign-ins in the trail, without letting whoever tries fill the disk: of an account and an
// address the first within an hour is an entry at once, the others are counted and told of afterwards.
import { sql, type Kysely } from 'kysely';
import type { AppContext } from '../context.js';
import type { Schema } from '../database/schema.js';
import { addressBlock } from '../sign-in/address-block.js';
import { auditRow, recordAudits, type AuditFact } from './record-audit.js';

const HOUR_MS = 60 * 60_000;

/** So many accounts and addresses are told apart within an hour; then only the accounts are. */
const MAX_TOLD_APART = 500;

const NOBODY = '-';
const ELSEWHERE = '*';

export interface RefusedSignIn {
  /** Whose it would have been; null for an e-mail address without an account. */
  accountId: string | null;
  address: string;
  /** Why, in a word. */
  reason: 'unknown-address' | 'wrong-password' | 'disabled';
}

/** Counts it; the first of its hour becomes an entry. One round trip, whoever it was for. */
export async function recordRefusedSignIn(
  { db, now }: Pick<AppContext, 'db' | 'now'>,
  { accountId, address, reason }: RefusedSignIn,
): Promise<void> {
  const nowMs = now();
  const hour = hourOf(nowMs);
  const entry = auditRow(
    { action: 'session.refused', actorId: null, accountId, address, details: { reason } },
    nowMs,
  );
  await sql`
    with counted as (
      insert into refused_sign_in (hour, account_id, address, times)
      select ${hour}::timestamptz, ${accountId ?? NOBODY}, case
        when (select count(*) from refused_sign_in where hour = ${hour}::timestamptz)
          < ${sql.lit(MAX_TOLD_APART)} then ${addressBlock(address)} else ${ELSEWHERE} end, 1
      on conflict (hour, account_id, address) do update set times = refused_sign_in.times + 1
      returning times
    )
    insert into audit_entry
      (id, created_at, action, actor_id, account_id, subject, address, details)
    select ${entry.id}, ${entry.created_at}::timestamptz, ${entry.action}, null,
      ${entry.account_id}, null, ${entry.address}, ${entry.details}
    from counted where times = 1`.execute(db);
}

/** Tells how often it was in the hours that are over, where it was more than once, and forgets them. */
export async function tellRefusedSignIns(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const counts = await transaction
      .deleteFrom('refused_sign_in')
      .where('hour', '<', hourOf(nowMs))
      .returningAll()
      .execute();
    const facts = counts
      .filter(({ times }) => times > 1)
      .map(({ hour, account_id, address, times }): AuditFact => {
        const accountId = account_id === NOBODY ? null : account_id;
        const details = { hour: hour.toISOString(), times };
        return {
          action: 'session.refusals-counted',
          actorId: null,
          accountId,
          address,
          details,
        };
      });
    await recordAudits(transaction, facts, nowMs);
  });
}

function hourOf(nowMs: number): Date {
  return new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS);
}
