// Step 5: where the nonce is burned. One call, which decides; when it throws, not one byte has been sent.
// Whatever is not a clear `burned` is a refusal.
import type { DownloadClaim } from '@claimcheck/shared/claim';
import {
  burnRequestOf,
  LedgerUnavailableError,
  UnsuitableRedisError,
  type Ledger,
} from '@claimcheck/shared/ledger';
import { Refused } from './problems.js';
import type { EventRecorder } from './record-event.js';

export interface BurnDependencies {
  ledger: Pick<Ledger, 'burn'>;
  events: Pick<EventRecorder, 'refusedAsUsed'>;
}

/**
 * Burns a verified claim. Resolves only when this call, of all in the world, is the one that burned it.
 * @throws Refused `already-used`, `revoked`, `superseded`, `expired` or `ledger-unavailable`.
 */
export async function burnNonce(
  { ledger, events }: BurnDependencies,
  claim: DownloadClaim,
): Promise<void> {
  const outcome = await ledger.burn(burnRequestOf(claim)).catch((error: unknown) => {
    throw isUnavailable(error)
      ? new Refused('ledger-unavailable', { reason: error.message, cause: error })
      : error;
  });
  if (outcome === 'burned') return;
  if (outcome === 'already-used') events.refusedAsUsed(claim.jti);
  throw new Refused(outcome, { reason: 'the ledger' });
}

function isUnavailable(error: unknown): error is Error {
  return error instanceof LedgerUnavailableError || error instanceof UnsuitableRedisError;
}
