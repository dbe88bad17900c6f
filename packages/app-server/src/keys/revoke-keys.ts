// The ledger's part of an emergency: marks that kill whatever a key has signed or ever will, on every download server,
// in the step that burns. Redis may forget them (a restart, a flush, a failover), so they are written again and again, and
// always before anybody can learn the fence of a ledger that has forgotten.
import { subjectOf, type KeyId } from '@claimcheck/shared/claim';
import type { Ledger } from '@claimcheck/shared/ledger';

/** The last instant that a claim can state (`claim.ts`): a thief writes into `iat` what he likes. */
const FOR_EVER_MS = Date.parse('9999-12-31T23:59:59Z');
const MOST_REMEMBERED_FENCES = 1000;

/**
 * Marks keys as dead, for ever. Again is no fault.
 * @throws LedgerUnavailableError, and then they are not certain to be marked.
 */
export async function revokeKeys(
  ledger: Pick<Ledger, 'revoke'>,
  ids: readonly KeyId[],
): Promise<void> {
  const mark = { issuedUntilMs: FOR_EVER_MS, forgetAtMs: FOR_EVER_MS };
  await Promise.all(ids.map((id) => ledger.revoke({ subject: subjectOf.key(id), ...mark })));
}

/**
 * The same ledger, whose `fence` writes the marks before it hands out a fence that it has not handed out before. A claim
 * is good under its own fence only; the fence of a ledger that has forgotten the marks is drawn at random when it is
 * first asked for; so a thief who holds a killed key has no fence to write into a claim before the marks are back.
 * @param killed the keys to mark; another array when there are more.
 */
export function markBeforeFence(ledger: Ledger, killed: () => readonly KeyId[]): Ledger {
  const marked = new Set<string>();
  let markedFor: readonly KeyId[] = [];
  // In front of it, not a copy of its own properties: a ledger may be one that stands before another.
  return Object.assign(Object.create(ledger) as Ledger, {
    async fence(nonce: string) {
      const fence = await ledger.fence(nonce);
      const ids = killed();
      if (ids.length === 0) return fence;
      if (markedFor !== ids || marked.size >= MOST_REMEMBERED_FENCES) marked.clear();
      markedFor = ids;
      if (!marked.has(fence)) {
        await revokeKeys(ledger, ids);
        marked.add(fence);
      }
      return fence;
    },
  });
}
