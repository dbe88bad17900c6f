// Step 5: where the nonce is burned. One call, which decides; when it throws, not one byte has been sent.
// Whatever is not a clear permission is a refusal. A resumable claim's later requests pass here too: they burn
// nothing any more, and pay for their bytes in the same step.
import { leastForWhole, type DownloadClaim } from '@claimcheck/shared/claim';
import {
  burnRequestOf,
  LedgerUnavailableError,
  responseRequestOf,
  UnsuitableRedisError,
  type BurnOutcome,
  type Ledger,
} from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import type { ByteRange } from './parse-range.js';
import { firstPortionOf, payForBytes } from './pay-for-bytes.js';
import { Refused } from './problems.js';
import type { EventRecorder } from './record-event.js';
import type { Allow } from './hand-over.js';
import type { Sent } from './send-file.js';
import type { VerifiedToken } from './verify-token.js';

export interface BurnDependencies {
  ledger: Pick<Ledger, 'burn' | 'openResponse' | 'pay'>;
  events: EventRecorder;
  log: Logger;
  /** Called when a response that is being sent must end at once. */
  onOver: () => void;
  /** Whether bytes of the claim are paid for that may yet be given back. */
  isHeld?: ((claimId: string) => boolean) | undefined;
}

/** The permission to send one response. */
export interface OpenResponse {
  /** Asked for each slice; undefined when all of them may be sent. */
  allow?: Allow;
  /** Whether all of its bytes are paid for already: then it may be sent by somebody who cannot ask. */
  paidInFull: boolean;
  /** Tells what became of it. This or `lose` is to be called once, when it has ended. */
  close(sent: Sent): void;
  /** Tells that nobody knows what became of it: all that was paid for counts as sent. */
  lose(): void;
}

/**
 * Burns a verified claim, or goes on with the copy of a resumable one. For a strict claim it resolves only
 * when this call, of all in the world, is the one that burned it. With `inFull` it tries to pay for the whole
 * range at once, and may come back with less.
 * @throws Refused `already-used`, `revoked`, `superseded`, `expired` or `ledger-unavailable`.
 */
export function burnNonce(
  dependencies: BurnDependencies,
  verified: VerifiedToken,
  plan: { status: number; body: ByteRange },
  { inFull = false }: { inFull?: boolean } = {},
): Promise<OpenResponse> {
  return verified.claim.mod === 'strict'
    ? burnStrict(dependencies, verified)
    : openResumable(dependencies, verified, plan, inFull);
}

async function burnStrict(
  { ledger, events }: BurnDependencies,
  { claim, keyId }: VerifiedToken,
): Promise<OpenResponse> {
  const outcome = await ledger.burn(burnRequestOf(claim, keyId)).catch(failClosed);
  if (outcome !== 'burned') throw refusedBy(outcome, claim, events);
  return {
    paidInFull: true,
    close({ bytes, complete }) {
      if (complete) events.finished(claim.jti, bytes);
      else events.brokenOff(claim.jti, bytes);
    },
    lose: () => {},
  };
}

async function openResumable(
  dependencies: BurnDependencies,
  { claim, keyId, mayBegin }: VerifiedToken,
  { status, body: range }: { status: number; body: ByteRange },
  inFull: boolean,
): Promise<OpenResponse> {
  const held = dependencies.isHeld?.(claim.jti) ?? false;
  const request = {
    ...responseRequestOf(claim, { keyId, mayBegin }),
    // Bytes that a front server holds may come back: then the whole file is no second copy.
    leastBytes: status === 200 && !held ? leastForWhole(claim.fil.size) : 1,
    bytes: inFull ? range.length : firstPortionOf(claim, range),
  };
  const grant = await dependencies.ledger.openResponse(request).catch(failClosed);
  if (!('paidBytes' in grant)) {
    // Not used up but held: what a front server has not sent comes back within seconds.
    if (grant.outcome === 'already-used' && held)
      throw new Refused('busy', { reason: 'its bytes are being sent' });
    throw refusedBy(grant.outcome, claim, dependencies.events);
  }
  return payForBytes(dependencies, { claim, keyId }, range, grant);
}

function refusedBy(
  outcome: Exclude<BurnOutcome, 'burned'>,
  claim: DownloadClaim,
  events: Pick<EventRecorder, 'refusedAsUsed'>,
): Refused {
  if (outcome !== 'already-used') return new Refused(outcome, { reason: 'the ledger' });
  events.refusedAsUsed(claim.jti);
  // It can have been burned within its life only.
  const usedBetween = { from: new Date(claim.iat), to: new Date(claim.exp) };
  return new Refused(outcome, { reason: 'the ledger', usedBetween });
}

function failClosed(error: unknown): never {
  if (!(error instanceof LedgerUnavailableError || error instanceof UnsuitableRedisError))
    throw error;
  throw new Refused('ledger-unavailable', { reason: error.message, cause: error });
}
