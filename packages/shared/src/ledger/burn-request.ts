// From a verified claim to what its burn needs: the one place that says how the two belong together,
// for every server that burns.
import { budgetOf } from '../claim/budget.js';
import { secondsOf, type Claim, type DownloadClaim } from '../claim/claim.js';
import type { KeyId } from '../claim/key-id.js';
import { forgetBurnAt } from '../claim/limits.js';
import { revocationSubjects } from '../claim/revocation-subjects.js';
import type { BurnRequest, ResponseRequest } from './ledger.js';

/** What `Ledger.burn` is asked for a claim that has been verified with the key `keyId`. */
export function burnRequestOf(claim: Claim, keyId: KeyId): BurnRequest {
  return {
    nonce: claim.jti,
    fence: claim.fen,
    issuedAtMs: secondsOf(claim.iat) * 1000,
    forgetAtMs: forgetBurnAt(secondsOf(claim.exp)),
    subjects: revocationSubjects(claim, keyId),
  };
}

/** What `Ledger.openResponse` is asked for a verified resumable claim, but for the bytes. */
export function responseRequestOf(
  claim: DownloadClaim,
  { keyId, mayBegin }: Pick<ResponseRequest, 'mayBegin'> & { keyId: KeyId },
): Omit<ResponseRequest, 'bytes' | 'leastBytes'> {
  return { ...burnRequestOf(claim, keyId), budgetBytes: budgetOf(claim.fil.size), mayBegin };
}
