// Giving an account a quota of its own, or the default again. It acts at the next upload or link; what
// is stored already stays, whatever the new quota is.
import type { Actor } from '../audit/record-audit.js';
import { recordAudit } from '../audit/record-audit.js';
import type { AppContext } from '../context.js';
import { holdQuota, readOwnQuota, type Quota } from './quota.js';

/** Values to set; those that are missing stay as they are. */
export type QuotaChange = { [Key in keyof Quota]?: Quota[Key] | undefined };

/** @throws Refused `not-found`. */
export async function changeQuota(
  { db, now }: Pick<AppContext, 'db' | 'now'>,
  by: Actor,
  accountId: string,
  change: QuotaChange,
): Promise<Quota> {
  return await db.transaction().execute(async (transaction) => {
    await holdQuota(transaction, accountId);
    const before = await readOwnQuota(transaction, accountId);
    const quota: Quota = {
      bytes: change.bytes === undefined ? before.bytes : change.bytes,
      files: change.files === undefined ? before.files : change.files,
      linksPerDay: change.linksPerDay === undefined ? before.linksPerDay : change.linksPerDay,
    };
    const row = { bytes: quota.bytes, files: quota.files, links_per_day: quota.linksPerDay };
    await transaction
      .insertInto('account_quota')
      .values({ account_id: accountId, ...row })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet(row))
      .execute();
    const fact = {
      ...by,
      accountId,
      action: 'account.quota-changed',
      details: { ...quota },
    } as const;
    await recordAudit(transaction, fact, now());
    return quota;
  });
}
