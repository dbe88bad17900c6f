// Taking a permission away. The ledger is marked first, so that a dead ledger stops the change and
// nobody is locked out by half; and again afterwards, because a request that still read the old
// permission while the change was being made may have minted in between.
import type { RevocationSubject } from '@claimcheck/shared/claim';
import { revokeInLedger, type RevocationReach } from './claims/revoke-claims.js';
import type { AppContext } from './context.js';

/**
 * Kills every claim under `subjects` that exists or is being minted, and makes `change` in between.
 * @throws LedgerUnavailableError; when it comes before the change, nothing was changed.
 */
export async function revokeAround<T>(
  { ledger, now }: Pick<AppContext, 'ledger' | 'now'>,
  subjects: readonly RevocationSubject[],
  change: () => Promise<T>,
  reach: RevocationReach = {},
): Promise<T> {
  const mark = () =>
    Promise.all(subjects.map((subject) => revokeInLedger(ledger, subject, now(), reach)));
  await mark();
  const result = await change();
  await mark();
  return result;
}
