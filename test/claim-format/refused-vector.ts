// A refused token of the vectors, and short ways to make one.
import type { Act, InvalidReason } from '@claimcheck/shared/claim';
import { KEY_A, NOW_MS } from './accepted-vectors.js';
import { signToken, type Signing } from './sign.js';

export interface RefusedVector {
  name: string;
  /** That the verifier is for. */
  act: Act;
  /** Unix milliseconds. */
  nowMs: number;
  token: string;
  refusal: 'invalid-claim' | 'expired';
  /** For logs; callers are told the refusal alone. */
  reason?: InvalidReason;
}

export function refuse(
  reason: InvalidReason,
  name: string,
  token: string,
  rest: Partial<RefusedVector> = {},
): RefusedVector {
  return { name, act: 'download', nowMs: NOW_MS, token, refusal: 'invalid-claim', reason, ...rest };
}

export const sign = (payload: string | Uint8Array, more: Partial<Signing> = {}) =>
  signToken({ key: KEY_A, payload, ...more });
export const signed = (claim: unknown) => sign(JSON.stringify(claim));
