// What can be done to the ring of keys, as pure functions from one ring to the next: a new key, a planned end, an
// emergency, forgetting. Who calls them writes the result in one atomic step (`key-store.ts`) or begins anew.
import type { KeyId } from '@claimcheck/shared/claim';
import {
  keyState,
  LEAST_PUBLISHED_MS,
  nextKeyAt,
  signingKeyAt,
  type KeyRecord,
} from './key-life.js';

/** What a new record is made of: the rest is decided here. */
export type FreshKey = Pick<KeyRecord, 'id' | 'key' | 'secretFile'>;

/** The ring does not allow what was asked; the message is for the operator. */
export class KeyRefusedError extends Error {
  override name = 'KeyRefusedError';
}

/**
 * Adds a key that is published now and signs after `aheadMs`, when the one that signs stops. The first key of all
 * signs at once, since nobody can hold an older set.
 * @throws KeyRefusedError when another key is already waiting, or this one was here before.
 */
export function addKey(
  keys: readonly KeyRecord[],
  fresh: FreshKey,
  { nowMs, aheadMs }: { nowMs: number; aheadMs: number },
): KeyRecord[] {
  const waiting = nextKeyAt(keys, nowMs);
  if (waiting !== undefined) {
    const from = new Date(waiting.signsFromMs).toISOString();
    throw new KeyRefusedError(`${waiting.id} is published already and signs from ${from}`);
  }
  const known = keys.find(({ id }) => id === fresh.id);
  if (known !== undefined) {
    const state = keyState(known, nowMs);
    throw new KeyRefusedError(`${fresh.id} is here already; its state is "${state}"`);
  }
  const signing = signingKeyAt(keys, nowMs);
  const leastMs =
    signing === undefined ? LEAST_PUBLISHED_MS : Math.max(aheadMs, LEAST_PUBLISHED_MS);
  const signsFromMs = keys.length === 0 ? nowMs : nowMs + leastMs;
  return [
    ...keys.map((key) => (key === signing ? { ...key, signsUntilMs: signsFromMs } : key)),
    { ...fresh, createdAtMs: nowMs, signsFromMs, signsUntilMs: null, killedAtMs: null },
  ];
}

/** Takes a key back that is published and has not signed; the one that signs goes on. */
export function withdrawKey(keys: readonly KeyRecord[], id: KeyId, nowMs: number): KeyRecord[] {
  const found = findKey(keys, id);
  if (keyState(found, nowMs) !== 'published')
    throw new KeyRefusedError(
      `${id} does not wait for its turn; its state is "${keyState(found, nowMs)}"`,
    );
  const signing = signingKeyAt(keys, nowMs);
  if (signing === undefined)
    throw new KeyRefusedError(`no key signs until ${id} does, after an emergency`);
  return keys.map((key) => {
    // Verifies for as long as any other: the clock of an app server may be ahead of this one.
    if (key === found) return { ...key, signsFromMs: nowMs, signsUntilMs: nowMs };
    return key === signing ? { ...key, signsUntilMs: null } : key;
  });
}

/**
 * Kills keys for ever. When none is left that signs, the one that waits takes its turn as soon as it has been published
 * long enough, and without one `fresh` is added; in between, for seconds, nothing is signed.
 * @throws KeyRefusedError when there is no such key, or a fresh one is needed and missing.
 */
export function killKeys(
  keys: readonly KeyRecord[],
  ids: readonly KeyId[],
  { nowMs, fresh }: { nowMs: number; fresh: FreshKey | undefined },
): KeyRecord[] {
  for (const id of ids) findKey(keys, id);
  const killed = keys.map((key) =>
    ids.includes(key.id) && key.killedAtMs === null ? { ...key, killedAtMs: nowMs } : key,
  );
  const signing = signingKeyAt(killed, nowMs);
  const waiting = nextKeyAt(killed, nowMs);
  if (signing !== undefined) {
    // Its successor may be among the dead.
    return waiting === undefined ? replace(killed, signing, { signsUntilMs: null }) : killed;
  }
  if (waiting !== undefined) {
    const earliestMs = Math.max(nowMs, waiting.createdAtMs + LEAST_PUBLISHED_MS);
    return replace(killed, waiting, { signsFromMs: Math.min(waiting.signsFromMs, earliestMs) });
  }
  if (fresh === undefined) throw new KeyRefusedError('no key would be left to sign with');
  const signsFromMs = nowMs + LEAST_PUBLISHED_MS;
  return [
    ...killed,
    { ...fresh, createdAtMs: nowMs, signsFromMs, signsUntilMs: null, killedAtMs: null },
  ];
}

/** Whether `killKeys` would need a fresh key for these. */
export function leavesNoKey(
  keys: readonly KeyRecord[],
  ids: readonly KeyId[],
  nowMs: number,
): boolean {
  const left = keys.filter(({ id }) => !ids.includes(id));
  return signingKeyAt(left, nowMs) === undefined && nextKeyAt(left, nowMs) === undefined;
}

/** Leaves out the keys whose last claim is dead. Killed ones are remembered for ever. */
export function forgetGone(keys: readonly KeyRecord[], nowMs: number): KeyRecord[] {
  return keys.filter((key) => keyState(key, nowMs) !== 'gone');
}

/** How a schedule asks for new keys, both in milliseconds. */
export interface RotationSchedule {
  /** How long a key signs. */
  rotationMs: number;
  /** How long a new one is published before it signs. */
  aheadMs: number;
}

/**
 * When the schedule asks for the next key, Unix milliseconds: so early that it signs when the one before has signed for
 * `rotationMs`. That is the one that waits, if there is one; undefined when there is none at all.
 */
export function rotationDueAt(
  keys: readonly KeyRecord[],
  { nowMs, rotationMs, aheadMs }: RotationSchedule & { nowMs: number },
): number | undefined {
  const last = nextKeyAt(keys, nowMs) ?? signingKeyAt(keys, nowMs);
  return last && last.signsFromMs + rotationMs - Math.max(aheadMs, LEAST_PUBLISHED_MS);
}

/** Whether the schedule asks for a new key now. Whatever waits already is enough. */
export function isRotationDue(
  keys: readonly KeyRecord[],
  schedule: RotationSchedule & { nowMs: number },
): boolean {
  const { nowMs } = schedule;
  if (nextKeyAt(keys, nowMs) !== undefined) return false;
  const dueAtMs = rotationDueAt(keys, schedule);
  return dueAtMs !== undefined && nowMs >= dueAtMs;
}

/** @throws KeyRefusedError that says how to find the ids. */
export function findKey(keys: readonly KeyRecord[], id: string): KeyRecord {
  const found = keys.find((key) => key.id === id);
  if (found === undefined) throw new KeyRefusedError(`there is no key ${id}; "list" shows all`);
  return found;
}

function replace(
  keys: readonly KeyRecord[],
  one: KeyRecord,
  change: Partial<KeyRecord>,
): KeyRecord[] {
  return keys.map((key) => (key === one ? { ...key, ...change } : key));
}
