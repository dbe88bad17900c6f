// Verifying a claim: from an untrusted string to a claim, or a refusal. No I/O besides the key
// ring's, no ledger, and `now` is a value. The order is the rule: length, form, key, signature,
// shape, addressee, times. Nothing a token says selects an algorithm: its key id can only pick one of our own
// keys, the key says which PASETO version it is for, and the token's header must be that one's.
import { InspectFooter, PublicProtocol } from 'paseto';
import { VerifyFactory as VerifyV3Factory } from 'paseto/v3/public';
import { VerifyFactory } from 'paseto/v4/public';
import { claimSchemas, secondsOf, type Act, type ClaimOf } from './claim.js';
import { isKeyId, type KeyId } from './key-id.js';
import type { KeyRing } from './key-ring.js';
import type { VerificationKey } from './verification-key.js';
import {
  acceptableUntil,
  CLOCK_TOLERANCE_SECONDS,
  MAX_LIFE_SECONDS,
  MAX_TOKEN_LENGTH,
  resumableUntil,
} from './limits.js';
import { isUnambiguousJson } from './unambiguous-json.js';

/** Header, payload `.` footer, unpadded base64url; the payload holds at least the shorter version's signature. */
const TOKEN = /^v[34]\.public\.[A-Za-z0-9_-]{86,}\.[A-Za-z0-9_-]+$/;

/** At the end of what is signed, by the header of the version. */
const SIGNATURE_BYTES = { 'v4.public.': 64, 'v3.public.': 96 } as const;

/** The library's own time checks are opened wide: ours, below, decide alone. */
const ANY_TIME = { clockTolerance: 1e11 };

/** One a key, and keys are few; a footer can be spelled in more ways, so there is a limit. */
const MOST_KNOWN_FOOTERS = 100;

/** Why a token was refused, for the log only; callers are told one answer for all but `expired`. */
export type InvalidReason =
  | 'too-long'
  | 'malformed'
  | 'unknown-key'
  /** The header is not the one of the key that the footer names. */
  | 'wrong-version'
  | 'bad-signature'
  | 'bad-shape'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'life-too-long'
  | 'issued-in-future';

export type Verification<A extends Act> =
  /**
   * `keyId` is needed for the burn, which asks whether the key was revoked. `mayBegin` is false past `exp`, when
   * a resumable claim is good only for a copy that has begun.
   */
  { ok: true; claim: ClaimOf<A>; keyId: KeyId; mayBegin: boolean } | Refusal<A>;

type Refusal<A extends Act> =
  | { ok: false; refusal: 'invalid-claim'; reason: InvalidReason }
  | { ok: false; refusal: 'expired'; claim: ClaimOf<A> };

export interface Expectation<A extends Act> {
  /** The only purpose this verifier accepts. */
  act: A;
  /** Origin of the app server. */
  issuer: string;
  /** Origin of this verifier. */
  audience: string;
  keys: KeyRing;
}

/** How a verifier does its work; what it accepts is the same with any of them. */
export interface ClaimVerifierOptions {
  /** What computes the signature, for a server that has something faster than Web Crypto, the default. */
  verifyFactory?: typeof VerifyFactory;
}

/**
 * Returns a function that verifies one token at a given instant (Unix milliseconds). It never
 * throws for what a token holds; it rejects only when the key ring does.
 */
export function createClaimVerifier<A extends Act>(
  expectation: Expectation<A>,
  { verifyFactory = VerifyFactory }: ClaimVerifierOptions = {},
) {
  const protocol = new PublicProtocol(verifyFactory);
  const protocolV3 = new PublicProtocol(VerifyV3Factory);
  /** Footers of our own keys that have been read before: all tokens of a key have the same one. */
  const knownFooters = new Map<string, KeyId>();
  return async function verifyClaim(token: string, nowMs: number): Promise<Verification<A>> {
    if (token.length > MAX_TOKEN_LENGTH) return invalid('too-long');
    if (!TOKEN.test(token)) return invalid('malformed');
    const footer = token.slice(token.lastIndexOf('.') + 1);
    const keyId = knownFooters.get(footer) ?? readKeyId(token);
    if (keyId === undefined) return invalid('malformed');
    // Not awaited when it is at hand: that is every request but the first of a new key.
    const found = expectation.keys.find(keyId);
    const key = found instanceof Promise ? await found : found;
    if (key === undefined) return invalid('unknown-key');
    if (!token.startsWith(key.header)) return invalid('wrong-version');
    if (knownFooters.size >= MOST_KNOWN_FOOTERS) knownFooters.clear();
    knownFooters.set(footer, keyId);
    let proven: unknown;
    try {
      const options = { now: new Date(nowMs), allowNonExpiring: true, ...ANY_TIME };
      const { claims } =
        key.header === 'v4.public.'
          ? await protocol.Verify(key.publicKey, token, options)
          : await protocolV3.Verify(key.publicKey, token, options);
      proven = claims;
    } catch {
      return invalid('bad-signature');
    }
    if (!isUnambiguousJson(payloadOf(token, key.header), proven)) return invalid('bad-shape');
    const checked = checkClaim(proven, expectation, nowMs);
    return checked.ok ? { ...checked, keyId } : checked;
  };
}

/** The checks behind the signature: shape, addressee, then times. Pure. */
function checkClaim<A extends Act>(
  proven: unknown,
  expectation: Expectation<A>,
  nowMs: number,
): Refusal<A> | { ok: true; claim: ClaimOf<A>; mayBegin: boolean } {
  const parsed = claimSchemas[expectation.act].safeParse(proven);
  if (!parsed.success) return invalid('bad-shape');
  const claim = parsed.data as ClaimOf<A>;
  if (claim.iss !== expectation.issuer) return invalid('wrong-issuer');
  if (claim.aud !== expectation.audience) return invalid('wrong-audience');
  const [iat, exp] = [secondsOf(claim.iat), secondsOf(claim.exp)];
  if (exp <= iat || exp - iat > MAX_LIFE_SECONDS) return invalid('life-too-long');
  if (iat * 1000 > nowMs + CLOCK_TOLERANCE_SECONDS * 1000) return invalid('issued-in-future');
  const mayBegin = nowMs <= acceptableUntil(exp);
  const mayResume = 'mod' in claim && claim.mod === 'resumable' && nowMs <= resumableUntil(exp);
  if (!mayBegin && !mayResume) return { ok: false, refusal: 'expired', claim };
  return { ok: true, claim, mayBegin };
}

/** What was signed, as text; the signature is the last 64 bytes. Only for a token of our form. */
function payloadOf(token: string, header: VerificationKey['header']): string {
  const signed = Buffer.from(token.slice(header.length, token.lastIndexOf('.')), 'base64url');
  return signed.toString('utf8', 0, signed.length - SIGNATURE_BYTES[header]);
}

/** The key id in the footer of an untrusted token of our form, or undefined when it holds none. */
function readKeyId(token: string): KeyId | undefined {
  try {
    const text = Buffer.from(InspectFooter(token)).toString('utf8');
    const footer: unknown = JSON.parse(text);
    if (!isUnambiguousJson(text, footer)) return undefined;
    if (typeof footer !== 'object' || footer === null || Array.isArray(footer)) return undefined;
    const entries = Object.entries(footer);
    const [name, value] = entries[0] ?? [];
    return entries.length === 1 && name === 'kid' && isKeyId(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function invalid(reason: InvalidReason) {
  return { ok: false, refusal: 'invalid-claim', reason } as const;
}
