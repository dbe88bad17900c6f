// Minting: from a sentence the app server has decided to say, to a signed token. It checks shape and
// limits once more, so that what leaves here is always something our own verifier accepts.
import { randomBytes } from 'node:crypto';
import { PublicProtocol, type JsonValue } from 'paseto';
import { SignFactory } from 'paseto/v4/public';
import { z } from 'zod';
import { claimSchemas, type Act, type ClaimOf } from '../claim/claim.js';
import { DEFAULT_LIFE_SECONDS, MAX_LIFE_SECONDS, MAX_TOKEN_LENGTH } from '../claim/limits.js';
import type { SigningKey } from './signing-keys.js';

const protocol = new PublicProtocol(SignFactory);

/** A parsed claim as the library's generic signature takes it. */
type JsonObject = { [field: string]: JsonValue };

/** What the caller decides; `iat`, `exp` are added here. */
export type Sentence<A extends Act> = Omit<ClaimOf<A>, 'iat' | 'exp'>;

export interface Minted<A extends Act> {
  token: string;
  claim: ClaimOf<A>;
  /** When it stops being acceptable (without tolerance), Unix milliseconds. */
  expiresAtMs: number;
}

/** A fresh nonce: 128 random bits as 22 characters of base64url. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * Signs a claim.
 * @param nowMs the instant at which the permission was *read*, Unix milliseconds: it becomes `iat`,
 *   and a revocation made after it kills the claim.
 * @param lifeSeconds whole seconds, 1 to 900; 120 by default.
 * @throws RangeError when the life is out of range or the token would exceed 4096 characters
 * @throws TypeError when the sentence does not have the shape of its act.
 */
export async function mintClaim<A extends Act>(
  key: SigningKey,
  sentence: Sentence<A>,
  nowMs: number,
  lifeSeconds: number = DEFAULT_LIFE_SECONDS,
): Promise<Minted<A>> {
  if (!Number.isInteger(lifeSeconds) || lifeSeconds < 1 || lifeSeconds > MAX_LIFE_SECONDS) {
    throw new RangeError(
      `a claim lives 1 to ${MAX_LIFE_SECONDS} whole seconds, not ${lifeSeconds}`,
    );
  }
  const iat = Math.floor(nowMs / 1000);
  const times = { iat: instantOf(iat), exp: instantOf(iat + lifeSeconds) };
  const parsed = claimSchemas[sentence.act as A].safeParse({ ...sentence, ...times });
  if (!parsed.success) throw new TypeError(`not a claim: ${z.prettifyError(parsed.error)}`);
  const token = await protocol.Sign(
    key.secret,
    { ...(parsed.data as JsonObject) },
    {
      footer: new TextEncoder().encode(JSON.stringify({ kid: key.id })),
      now: new Date(iat * 1000),
      addIssuedAt: false,
    },
  );
  if (token.length > MAX_TOKEN_LENGTH) {
    throw new RangeError(
      `the token would have ${token.length} characters, over ${MAX_TOKEN_LENGTH}`,
    );
  }
  return { token, claim: parsed.data as ClaimOf<A>, expiresAtMs: (iat + lifeSeconds) * 1000 };
}

/** RFC 3339 in UTC with whole seconds. */
function instantOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
