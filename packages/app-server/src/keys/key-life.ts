// The life of a signing key, as pure data: made, published, signing, verifying only, gone; or killed at any time. No
// disk, no clock, no secret: what is true of a key at an instant follows from its record alone.
import { forgetRevocationAt, type KeyId, type PublicPaserk } from '@claimcheck/shared/claim';

/** All that is kept of a key besides its secret. Instants are Unix milliseconds. */
export interface KeyRecord {
  readonly id: KeyId;
  readonly key: PublicPaserk;
  /** Name of the file of its secret, without what says how that is wrapped. */
  readonly secretFile: string;
  /** Since when it is published. */
  readonly createdAtMs: number;
  readonly signsFromMs: number;
  /** When the next one takes over; null while none is planned. */
  readonly signsUntilMs: number | null;
  /** Retired in an emergency: dead from then on, with all that it ever signed or will sign. */
  readonly killedAtMs: number | null;
}

export const KEY_STATES = ['published', 'signs', 'verifies', 'gone', 'killed'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/**
 * How long a key that must sign at once is published first, in milliseconds: every app server looks for changes once a
 * second, and download servers take a set of keys that they asked for a second ago to be complete.
 */
export const LEAST_PUBLISHED_MS = 5000;

/** A secret is kept this long after its last signature, for an app server that comes late; then it is deleted. */
const SECRET_KEPT_MS = 10 * 60_000;

/** What the key is for at this instant. */
export function keyState(key: KeyRecord, nowMs: number): KeyState {
  if (key.killedAtMs !== null) return 'killed';
  if (key.signsUntilMs === null || nowMs < key.signsUntilMs)
    return nowMs < key.signsFromMs ? 'published' : 'signs';
  return nowMs < goneAt(key.signsUntilMs) ? 'verifies' : 'gone';
}

/**
 * When no claim of a key can be used any more that signed until this instant: the longest life, the longest time in
 * which a copy can be resumed, and the tolerances of both (`limits.ts`).
 */
export function goneAt(signsUntilMs: number): number {
  return forgetRevocationAt(signsUntilMs);
}

/** Until when its claims can be used as things are planned; undefined while no successor is. */
export function verifiesUntil({ signsUntilMs }: KeyRecord): number | undefined {
  return signsUntilMs === null ? undefined : goneAt(signsUntilMs);
}

/** Whether the key is in the published set: before it signs, while it does, and as long as its claims live. */
export function isPublished(key: KeyRecord, nowMs: number): boolean {
  return ['published', 'signs', 'verifies'].includes(keyState(key, nowMs));
}

/** Whether anybody may still need its secret. */
export function needsSecret(key: KeyRecord, nowMs: number): boolean {
  if (key.killedAtMs !== null) return false;
  return key.signsUntilMs === null || nowMs < key.signsUntilMs + SECRET_KEPT_MS;
}

/** The key that signs now. Of two (clocks of app servers differ) the newer one. */
export function signingKeyAt(keys: readonly KeyRecord[], nowMs: number): KeyRecord | undefined {
  return keys
    .filter((key) => keyState(key, nowMs) === 'signs')
    .toSorted((a, b) => a.signsFromMs - b.signsFromMs)
    .at(-1);
}

/** The key that is published and waits for its turn. There is never more than one. */
export function nextKeyAt(keys: readonly KeyRecord[], nowMs: number): KeyRecord | undefined {
  return keys.find((key) => keyState(key, nowMs) === 'published');
}
