// Every limit of a claim, in one place, because the burn's memory and the verifier's clock must
// agree: `forgetAt` is derived here from the same constants that `verify-claim.ts` checks with.

/** Life of a claim when the minter names none, in seconds. */
export const DEFAULT_LIFE_SECONDS = 120;

/** The longest `exp - iat` a verifier accepts, in seconds, whatever the claim says. */
export const MAX_LIFE_SECONDS = 15 * 60;

/** How far two machines' clocks may differ before a claim is refused, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * How much longer than acceptable a burn is remembered, in seconds. It absorbs a step back of Redis's
 * clock of up to this less the tolerance and the burn's deadline (`COMMAND_TIMEOUT_MS`), about 54 s: a
 * forgotten burn still belongs to a claim no verifier accepts. docs/guarantee.md has what that assumes.
 */
export const BURN_MARGIN_SECONDS = 60;

/** How long an unfinished copy can be resumed after its last byte, in seconds. */
export const COPY_IDLE_SECONDS = 15 * 60;

/** How long a copy can be resumed after its first byte, in seconds, also past `exp`. */
export const MAX_COPY_SECONDS = 24 * 60 * 60;

/** Longer tokens are refused before anything of them is parsed, in characters. */
export const MAX_TOKEN_LENGTH = 4096;

/** Longest storage key, in UTF-8 bytes. */
export const MAX_STORAGE_KEY_BYTES = 512;

/** Longest file name and longest segment of a storage key, in UTF-8 bytes (ext4, APFS, NTFS). */
export const MAX_NAME_BYTES = 255;

/**
 * The instant, in Unix milliseconds, until which the ledger remembers the burn of a claim.
 * Always later than the last instant at which a verifier accepts it (`acceptableUntil`).
 */
export function forgetBurnAt(expSeconds: number): number {
  return acceptableUntil(expSeconds) + BURN_MARGIN_SECONDS * 1000;
}

/** The last instant, in Unix milliseconds, at which a verifier accepts a claim with this `exp`. */
export function acceptableUntil(expSeconds: number): number {
  return (expSeconds + CLOCK_TOLERANCE_SECONDS) * 1000;
}

/** The last instant, in Unix milliseconds, at which a copy of a resumable claim can be resumed. */
export function resumableUntil(expSeconds: number): number {
  return acceptableUntil(expSeconds) + MAX_COPY_SECONDS * 1000;
}

/**
 * The instant, in Unix milliseconds, until which a revocation made now must be remembered: no claim
 * that exists now can be burned, and no copy of one resumed, later than this.
 */
export function forgetRevocationAt(nowMs: number): number {
  const lastExpSeconds = nowMs / 1000 + CLOCK_TOLERANCE_SECONDS + MAX_LIFE_SECONDS;
  return forgetBurnAt(lastExpSeconds) + MAX_COPY_SECONDS * 1000;
}
