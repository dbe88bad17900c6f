// What has become of a copy, decided with the ledger: the database only hears of a burn afterwards, so
// it is never asked. What the ledger has settled for good is written into the copy's row.
import { CLOCK_TOLERANCE_SECONDS, forgetBurnAt, subjectOf } from '@claimcheck/shared/claim';
import type { Kysely, Selectable } from 'kysely';
import { revokeInLedger } from '../claims/revoke-claims.js';
import type { AppContext } from '../context.js';
import type { ClaimRecord, Schema } from '../database/schema.js';
import type { CopyStanding } from './choose-copy.js';
import type { CopyRecord, LinkCopyTable } from './link-tables.js';

/** A copy with what its claim's row says. */
export type KnownCopy = CopyRecord & Pick<ClaimRecord, 'revoked_at' | 'finished_at'>;

/**
 * A claim that was not used is given again until so long after its end, milliseconds: its verifiers
 * still accept it then, and a browser is there at once.
 */
const GIVEN_AGAIN_MS = (CLOCK_TOLERANCE_SECONDS - 3) * 1000;

/** With the keys that have signed its claim. */
export type SignedCopy = KnownCopy & Pick<ClaimRecord, 'key_ids'>;

/** The last claim of each copy of a link. */
export async function readCopies(db: Kysely<Schema>, linkId: string): Promise<SignedCopy[]> {
  return await db
    .selectFrom('link_copy')
    .innerJoin('claim', 'claim.id', 'link_copy.claim_id')
    .distinctOn('link_copy.number')
    .selectAll('link_copy')
    .select(['claim.revoked_at', 'claim.finished_at', 'claim.key_ids'])
    .where('link_copy.link_id', '=', linkId)
    .orderBy('link_copy.number')
    .orderBy('link_copy.attempt', 'desc')
    .execute();
}

type Dependencies = Pick<AppContext, 'db' | 'ledger'>;

/**
 * Where a copy stands now. A claim that has run out unused is killed in the ledger first and looked at
 * again, so that a copy is `free` only when its last claim can never be burned.
 * @throws LedgerUnavailableError, and then nothing is decided.
 */
export async function standingOf(
  { db, ledger }: Dependencies,
  copy: KnownCopy,
  nowMs: number,
): Promise<CopyStanding['standing']> {
  if (copy.outcome !== null) return copy.outcome === 'unused' ? 'free' : 'spent';
  // The ledger counts bytes, not which: of a copy that is whole it only says that some may still leave.
  if (copy.finished_at !== null) return await settle('used');
  const state = await ask();
  if (state === 'under-way') {
    // Withdrawn while it ran: what is missing of it will not come.
    return copy.revoked_at === null ? 'under-way' : await settle('used');
  }
  if (state !== 'unburned') return await settle('used');
  const isGood = copy.revoked_at === null && nowMs < copy.expires_at.getTime() + GIVEN_AGAIN_MS;
  if (isGood) return 'ready';
  // Spares a copy that begins in this very moment; what is unburned afterwards stays so.
  const onlyUnburned = true;
  await revokeInLedger(ledger, subjectOf.claim(copy.claim_id), nowMs, { onlyUnburned });
  const final = await ask();
  if (final === 'under-way') return 'under-way';
  return await settle(final === 'unburned' ? 'unused' : 'used');

  async function ask() {
    return await ledger.copyState({
      nonce: copy.claim_id,
      fence: copy.fence,
      forgetAtMs: forgetBurnAt(copy.expires_at.getTime() / 1000),
    });
  }

  async function settle(outcome: NonNullable<Selectable<LinkCopyTable>['outcome']>) {
    await db
      .updateTable('link_copy')
      .set({ outcome })
      .where('claim_id', '=', copy.claim_id)
      .where('outcome', 'is', null)
      .execute();
    return outcome === 'unused' ? ('free' as const) : ('spent' as const);
  }
}

/** The standings of all copies of a link, asked at once. */
export async function standingsOf(
  dependencies: Dependencies,
  copies: readonly KnownCopy[],
  nowMs: number,
): Promise<CopyStanding[]> {
  return await Promise.all(
    copies.map(async (copy) => ({
      number: copy.number,
      standing: await standingOf(dependencies, copy, nowMs),
      browser: copy.browser_hash,
      beganAtMs: copy.issued_at.getTime(),
    })),
  );
}
