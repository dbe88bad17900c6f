// A key and a claim to start from; tests change what they are about.
import {
  createClaimVerifier,
  StaticKeyRing,
  verificationKeyOf,
  type DownloadClaim,
  type KeyId,
} from '@claimcheck/shared/claim';
import { generateSigningKey, newNonce, type SigningKey } from '@claimcheck/shared/mint';

export const ISSUER = 'http://localhost:3000';
export const AUDIENCE = 'http://localhost:3001';
export const NOW_MS = Date.parse('2026-11-22T12:00:00Z');

/** For tests that ask the ledger themselves, where it does not matter which key has signed. */
export const SOME_KEY_ID: KeyId = `k4.pid.${'A'.repeat(44)}`;

export type DownloadSentence = Omit<DownloadClaim, 'iat' | 'exp'>;

export function sampleSentence(changes: Partial<DownloadSentence> = {}): DownloadSentence {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'q3cWlYvGxq0a',
    jti: newNonce(),
    act: 'download',
    fen: 'AbCdEf-_',
    ses: 'b1oT4fQm7yZx',
    fil: {
      key: 'k7Qe9dU2mWsR4tYx',
      name: 'report.pdf',
      type: 'application/pdf',
      size: 12_345_678,
      sha256: 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ',
      mtime: NOW_MS,
    },
    mod: 'strict',
    ...changes,
  };
}

export async function sampleKeys(): Promise<{ key: SigningKey; ring: StaticKeyRing }> {
  const key = await generateSigningKey();
  return { key, ring: new StaticKeyRing(new Map([[key.id, verificationKeyOf(key.publicKey)]])) };
}

export function downloadVerifier(ring: StaticKeyRing) {
  return createClaimVerifier({ act: 'download', issuer: ISSUER, audience: AUDIENCE, keys: ring });
}
