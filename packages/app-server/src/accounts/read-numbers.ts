// An account in numbers, for administrators and for its owner: what it stores, what it has open, when it
// was last here.
import type { IdentityContext } from '../context.js';
import { override, readOwnQuota, readUsage, type Quota, type Usage } from '../quotas/quota.js';

export interface AccountNumbers {
  usage: Usage;
  /** What counts for it; null is unlimited. */
  quota: Quota;
  /** What was set for it alone; null where the default counts. */
  ownQuota: Quota;
  /** Links that are neither withdrawn nor past their time. */
  openLinks: number;
  sessions: number;
  /** By its sessions that are open, else by what it last did; null when it was never here. */
  lastSeenAt: Date | null;
}

/** @param accountId of an account that is there. */
export async function readNumbers(
  { config, db, sessions, now }: Pick<IdentityContext, 'config' | 'db' | 'sessions' | 'now'>,
  accountId: string,
): Promise<AccountNumbers> {
  const nowMs = now();
  const ownQuota = await readOwnQuota(db, accountId);
  const usage = await readUsage({ db, now }, accountId);
  const { openLinks } = await db
    .selectFrom('link')
    .select(({ fn }) => fn.countAll<number>().as('openLinks'))
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date(nowMs))
    .executeTakeFirstOrThrow();
  const open = await sessions.list(accountId, nowMs);
  const lastDone = await db
    .selectFrom('audit_entry')
    .select('created_at')
    .where('actor_id', '=', accountId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  const seenMs = [...open.map(({ lastSeenAtMs }) => lastSeenAtMs), lastDone?.created_at.getTime()];
  const lastMs = Math.max(...seenMs.filter((ms) => ms !== undefined));
  return {
    usage,
    quota: override(config.quota, ownQuota),
    ownQuota,
    openLinks,
    sessions: open.length,
    lastSeenAt: Number.isFinite(lastMs) ? new Date(lastMs) : null,
  };
}
