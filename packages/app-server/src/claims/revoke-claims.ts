// Withdrawing claims: first in the ledger, where the burn looks, then in the list that people see. A
// failure between the two leaves a claim that is dead and not yet shown so, never the other way.
import {
  CLOCK_TOLERANCE_SECONDS,
  COPY_IDLE_SECONDS,
  forgetRevocationAt,
  subjectOf,
} from '@claimcheck/shared/claim';
import type { RevocationSubject } from '@claimcheck/shared/claim';
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Kysely } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { AppContext } from '../context.js';
import type { ClaimRecord, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';

/** Which claims a revocation kills: all, or those that nobody has begun to use. */
export interface RevocationReach {
  onlyUnburned?: boolean;
}

/**
 * Kills every claim under `subject` that was issued until now. The tolerance covers another app
 * server whose clock is ahead of this one.
 * @throws LedgerUnavailableError, and then the subject is not certain to be revoked.
 */
export async function revokeInLedger(
  ledger: Ledger,
  subject: RevocationSubject,
  nowMs: number,
  { onlyUnburned = false }: RevocationReach = {},
): Promise<void> {
  await ledger.revoke({
    subject,
    onlyUnburned,
    issuedUntilMs: nowMs + CLOCK_TOLERANCE_SECONDS * 1000,
    forgetAtMs: forgetRevocationAt(nowMs),
  });
}

/**
 * Withdraws one claim of this account; again is no fault.
 * @throws Refused `not-found`; LedgerUnavailableError, and then it is not certain to be withdrawn.
 */
export async function revokeClaim(
  { db, ledger, now }: Pick<AppContext, 'db' | 'ledger' | 'now'>,
  accountId: string,
  claimId: string,
  by: Actor,
): Promise<void> {
  const claim = await db
    .selectFrom('claim')
    .select('id')
    .where('id', '=', claimId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  if (claim === undefined) throw new Refused('not-found');
  await revokeInLedger(ledger, subjectOf.claim(claim.id), now());
  await db.transaction().execute(async (transaction) => {
    await markClaimsRevoked(transaction, { id: claim.id }, now());
    const fact = { ...by, action: 'claim.revoked', subject: `claim:${claim.id}` } as const;
    await recordAudit(transaction, fact, now());
  });
}

/** What a group of claims has in common. */
export type ClaimGroup = Partial<
  Pick<ClaimRecord, 'id' | 'file_id' | 'account_id' | 'session_reference' | 'link_id'>
>;

/**
 * Shows the claims of a group as revoked that could still have been used, or resumed. The ledger comes first.
 */
export async function markClaimsRevoked(
  db: Kysely<Schema>,
  group: ClaimGroup,
  nowMs: number,
  { onlyUnburned = false }: RevocationReach = {},
): Promise<void> {
  const columns = Object.entries(group) as [keyof ClaimGroup, string][];
  if (columns.length === 0) throw new TypeError('no group of claims was named');
  let query = db
    .updateTable('claim')
    .set({ revoked_at: new Date(nowMs) })
    .where('revoked_at', 'is', null)
    .where((eb) => {
      const unburned = eb.and([
        eb('expires_at', '>', new Date(nowMs)),
        eb('last_event_at', 'is', null),
      ]);
      const resumable = eb.and([
        eb('last_event_at', '>', new Date(nowMs - COPY_IDLE_SECONDS * 1000)),
        eb('finished_at', 'is', null),
      ]);
      return onlyUnburned ? unburned : eb.or([unburned, resumable]);
    });
  for (const [column, value] of columns) query = query.where(column, '=', value);
  await query.execute();
}
