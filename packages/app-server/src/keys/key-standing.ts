// How the keys of this server stand, in figures for whoever watches it: pure, from the ring and an instant. No key is
// named, so that the figures can go anywhere.
import { rotationDueAt, type RotationSchedule } from './change-ring.js';
import { KEY_STATES, keyState, signingKeyAt, type KeyRecord, type KeyState } from './key-life.js';

/** What follows from the ring alone. */
export interface RingFigures {
  /** How many keys are in each state, with a 0 for those in which none is. */
  keys: Readonly<Record<KeyState, number>>;
  /** Since the key that signs began to; undefined while none does. */
  signingKeyAgeSeconds: number | undefined;
  /**
   * Until the schedule asks for a new key; below 0 when it has and there is none. Infinite without a schedule, and in
   * the moment in which no key signs or waits.
   */
  rotationDueSeconds: number;
}

/** What a server does with the keys again and again: look for changes and make those that are due; mark the killed. */
export const TENDINGS = ['look', 'mark'] as const;
export type Tending = (typeof TENDINGS)[number];

export interface KeyStanding extends RingFigures {
  /** Revision of the ring that this server signs and publishes by. */
  revision: number;
  /** How many revisions newer the directory is; below 0 when it is older than what this server has seen. */
  behind: number;
  /** Since this server last saw the directory. */
  lookAgeSeconds: number;
  /** Keys that sign or wait, and whose secret this server could not read. */
  unreadableSecrets: number;
  /** Whether each was in vain the last time. */
  failed: Readonly<Record<Tending, boolean>>;
}

/** @param schedule undefined when keys are rotated by hand alone. */
export function ringFigures(
  records: readonly KeyRecord[],
  nowMs: number,
  schedule: RotationSchedule | undefined,
): RingFigures {
  const keys = Object.fromEntries(KEY_STATES.map((state) => [state, 0])) as Record<
    KeyState,
    number
  >;
  for (const record of records) keys[keyState(record, nowMs)] += 1;
  const signing = signingKeyAt(records, nowMs);
  const dueAtMs = schedule && rotationDueAt(records, { ...schedule, nowMs });
  return {
    keys,
    signingKeyAgeSeconds: signing && (nowMs - signing.signsFromMs) / 1000,
    rotationDueSeconds: dueAtMs === undefined ? Number.POSITIVE_INFINITY : (dueAtMs - nowMs) / 1000,
  };
}
