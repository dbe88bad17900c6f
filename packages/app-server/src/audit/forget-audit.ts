// Forgetting old entries, where AUDIT_RETENTION_DAYS says so. The table refuses every other deletion:
// its trigger lets pass what this transaction names, and only what is older than 30 days anyway.
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { recordAudit, THE_SERVER } from './record-audit.js';

const DAY_MS = 24 * 60 * 60_000;

/** Deleted in one transaction, which stays far below the limit on a statement's time. */
const ROWS_AT_A_TIME = 5000;

/** The shortest retention: the table's trigger keeps what is younger. Days. */
export const LEAST_RETENTION_DAYS = 30;

/** Deletes what is older than so many days, and says so in the trail. Returns how many there were. */
export async function forgetAudit(
  db: Kysely<Schema>,
  nowMs: number,
  retentionDays: number,
): Promise<number> {
  const before = new Date(nowMs - retentionDays * DAY_MS);
  let entries = 0;
  for (let deleted = ROWS_AT_A_TIME; deleted === ROWS_AT_A_TIME; entries += deleted) {
    deleted = await forgetSome(db, before);
  }
  if (entries > 0) {
    const details = { before: before.toISOString(), entries };
    await recordAudit(db, { ...THE_SERVER, action: 'audit.forgotten', details }, nowMs);
  }
  return entries;
}

async function forgetSome(db: Kysely<Schema>, before: Date): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const name = 'claimcheck.forget_audit_before';
    await sql`select set_config(${name}, ${before.toISOString()}, true)`.execute(transaction);
    const { numDeletedRows } = await transaction
      .deleteFrom('audit_entry')
      .where('id', 'in', (some) =>
        some
          .selectFrom('audit_entry')
          .select('id')
          .where('created_at', '<', before)
          // Who reads the database's clock a moment earlier must not stumble over the youngest.
          .where('created_at', '<', sql<Date>`now() - interval '30 days'`)
          .orderBy('created_at')
          .limit(ROWS_AT_A_TIME),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  });
}
