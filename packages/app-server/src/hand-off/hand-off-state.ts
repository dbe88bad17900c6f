// What a hand-off is tied to. The receiving browser's secret gives the state, and the state gives the nonce:
// so the receiver need not trust the sender's choice of nonce, and whoever makes up a state cannot aim at the
// nonce of another claim. Pure.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What `derive(secret, 'hand-off-state')` gives. */
export const handOffState = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);

/** A fence as the receiver's ledger names it. */
export const handOffFence = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const LABEL = 'claimcheck hand-off nonce\n';
const NONCE_BYTES = 16;

/** The one nonce that a claim for this state has: 128 bits of SHA-256, base64url. */
export function nonceOfState(state: string): string {
  return createHash('sha256')
    .update(LABEL)
    .update(state)
    .digest()
    .subarray(0, NONCE_BYTES)
    .toString('base64url');
}
