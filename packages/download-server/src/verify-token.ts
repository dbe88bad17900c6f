// Step 2: from a token to a claim. What is wrong with a token goes to the log; the client hears one answer
// for everything but `expired`, so that a forger learns nothing from trying.
import { createClaimVerifier, type DownloadClaim, type KeyId } from '@claimcheck/shared/claim';
import { KeysUnavailableError, type KeySource } from '@claimcheck/shared/key-source';
import type { SignatureCheck } from './check-signature.js';
import type { DownloadConfig } from './config.js';
import { Refused } from './problems.js';

export interface VerifyDependencies {
  config: Pick<DownloadConfig, 'origin' | 'appOrigin'>;
  keys: KeySource;
  signatureCheck: Pick<SignatureCheck, 'verifyFactory'>;
}

/** A claim that has been verified, and whether a copy of it may still begin. */
export interface VerifiedToken {
  claim: DownloadClaim;
  keyId: KeyId;
  mayBegin: boolean;
}

export type VerifyToken = (token: string, nowMs: number) => Promise<VerifiedToken>;

/**
 * Returns a function that verifies a token at an instant in Unix milliseconds. It throws Refused
 * `invalid-claim`, `expired`, or `busy` while the public keys that it takes cannot be had.
 */
export function createTokenVerifier(dependencies: VerifyDependencies): VerifyToken {
  const { config, keys, signatureCheck } = dependencies;
  const { appOrigin: issuer, origin: audience } = config;
  const expectation = { act: 'download', issuer, audience, keys } as const;
  const verify = createClaimVerifier(expectation, signatureCheck);
  return async function verifyToken(token, nowMs) {
    const verification = await verify(token, nowMs).catch((error: unknown) => {
      throw error instanceof KeysUnavailableError
        ? new Refused('busy', { reason: 'no-keys', cause: error })
        : error;
    });
    if (verification.ok) return verification;
    const reason = verification.refusal === 'expired' ? 'exp' : verification.reason;
    throw new Refused(verification.refusal, { reason });
  };
}
