// The life of keys as pure data: whatever is done to a ring and whenever, the rules hold at every instant after it.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeyId, PublicPaserk } from '@claimcheck/shared/claim';
import {
  addKey,
  forgetGone,
  isPublished,
  isRotationDue,
  KeyRefusedError,
  keyState,
  killKeys,
  LEAST_PUBLISHED_MS,
  leavesNoKey,
  needsSecret,
  nextKeyAt,
  signingKeyAt,
  withdrawKey,
  type FreshKey,
  type KeyRecord,
} from '@claimcheck/app-server/keys';
import { AHEAD_MS, NOW_MS } from './open-store.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** 15 min of life, 24 h of resuming, and no more than two minutes of tolerances. */
const CLAIMS_LIVE_MS = DAY_MS + 15 * MINUTE_MS;

let made = 0;
function fresh(): FreshKey {
  made += 1;
  const text = String(made).padStart(8, '0');
  return {
    id: `k4.pid.${text}` as KeyId,
    key: `k4.public.${text}` as PublicPaserk,
    secretFile: text,
  };
}

const first = (nowMs = NOW_MS) => addKey([], fresh(), { nowMs, aheadMs: AHEAD_MS });
const statesOf = (keys: readonly KeyRecord[], nowMs: number) =>
  keys.map((key) => keyState(key, nowMs));

describe('a key', () => {
  test('signs at once when it is the first, and until another takes over', () => {
    expect(statesOf(first(), NOW_MS)).toEqual(['signs']);
    expect(statesOf(first(), NOW_MS + 1000 * DAY_MS)).toEqual(['signs']);
  });

  test('is published before it signs, signs, verifies until its last claim is dead, and is gone', () => {
    const keys = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    const from = NOW_MS + AHEAD_MS;
    expect(statesOf(keys, from - 1)).toEqual(['signs', 'published']);
    expect(statesOf(keys, from)).toEqual(['verifies', 'signs']);
    expect(statesOf(keys, from + CLAIMS_LIVE_MS)).toEqual(['verifies', 'signs']);
    expect(statesOf(keys, from + CLAIMS_LIVE_MS + 2 * MINUTE_MS)).toEqual(['gone', 'signs']);
    expect(forgetGone(keys, from + CLAIMS_LIVE_MS)).toHaveLength(2);
    expect(forgetGone(keys, from + CLAIMS_LIVE_MS + 2 * MINUTE_MS)).toHaveLength(1);
  });

  test('needs its secret no longer than a few minutes after its last signature', () => {
    const [old] = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    if (old === undefined) throw new Error('no key');
    expect(needsSecret(old, NOW_MS + AHEAD_MS + MINUTE_MS)).toBe(true);
    expect(needsSecret(old, NOW_MS + AHEAD_MS + 11 * MINUTE_MS)).toBe(false);
  });

  test('is refused while another one waits for its turn', () => {
    const keys = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    const again = () => addKey(keys, fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    expect(again).toThrow(KeyRefusedError);
  });

  test('can be taken back before it signs, and the one before goes on', () => {
    const keys = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    const [old, next] = keys;
    const back = withdrawKey(keys, next?.id ?? 'k4.pid.', NOW_MS + 1000);
    expect(statesOf(back, NOW_MS + AHEAD_MS + 1)).toEqual(['signs', 'verifies']);
    expect(() => withdrawKey(keys, old?.id ?? 'k4.pid.', NOW_MS)).toThrow('state is "signs"');
  });
});

describe('the schedule', () => {
  const rotationMs = 30 * DAY_MS;

  test('asks for a key so early that the present one signs for as long as was set', () => {
    const keys = first();
    const due = NOW_MS + rotationMs - AHEAD_MS;
    expect(isRotationDue(keys, { nowMs: due - 1, rotationMs, aheadMs: AHEAD_MS })).toBe(false);
    expect(isRotationDue(keys, { nowMs: due, rotationMs, aheadMs: AHEAD_MS })).toBe(true);
    const next = addKey(keys, fresh(), { nowMs: due, aheadMs: AHEAD_MS });
    expect(signingKeyAt(next, NOW_MS + rotationMs)?.id).toBe(next[1]?.id);
    expect(isRotationDue(next, { nowMs: due, rotationMs, aheadMs: AHEAD_MS })).toBe(false);
  });
});

describe('an emergency', () => {
  const dead = (keys: readonly KeyRecord[], ids: KeyId[], nowMs: number) =>
    killKeys(keys, ids, {
      nowMs,
      fresh: leavesNoKey(keys, ids, nowMs) ? fresh() : undefined,
    });

  test('of the only key makes one that signs within seconds, and never before all servers know it', () => {
    const keys = first();
    const after = dead(keys, [keys[0]?.id ?? 'k4.pid.'], NOW_MS + 1);
    expect(statesOf(after, NOW_MS + 1)).toEqual(['killed', 'published']);
    expect(signingKeyAt(after, NOW_MS + LEAST_PUBLISHED_MS)).toBeUndefined();
    expect(signingKeyAt(after, NOW_MS + 1 + LEAST_PUBLISHED_MS)?.id).toBe(after[1]?.id);
  });

  test('lets the key that waits take its turn, as soon as it has been published for long enough', () => {
    const keys = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    const ids: KeyId[] = [keys[0]?.id ?? 'k4.pid.'];
    expect(statesOf(dead(keys, ids, NOW_MS + MINUTE_MS), NOW_MS + MINUTE_MS)).toEqual([
      'killed',
      'signs',
    ]);
    const early = dead(keys, ids, NOW_MS + 1000);
    expect(nextKeyAt(early, NOW_MS + 1000)?.signsFromMs).toBe(NOW_MS + LEAST_PUBLISHED_MS);
  });

  test('of the key that waits leaves the one that signs without an end', () => {
    const keys = addKey(first(), fresh(), { nowMs: NOW_MS, aheadMs: AHEAD_MS });
    const after = dead(keys, [keys[1]?.id ?? 'k4.pid.'], NOW_MS + 1);
    expect(statesOf(after, NOW_MS + 2 * AHEAD_MS)).toEqual(['signs', 'killed']);
  });
});

type Step = {
  afterMs: number;
  act: 'rotate' | 'withdraw' | 'kill' | 'kill-all' | 'forget';
  pick: number;
};

describe('whatever is done, in whatever order', () => {
  const steps = fc.array(
    fc.record<Step>({
      afterMs: fc.oneof(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 2 * DAY_MS }),
      ),
      act: fc.constantFrom('rotate', 'rotate', 'rotate', 'withdraw', 'kill', 'kill-all', 'forget'),
      pick: fc.nat(20),
    }),
    { maxLength: 25 },
  );

  test('one key signs or waits to within seconds, what signs was published, and the dead stay dead', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 * DAY_MS }), (taken, laterMs) => {
        let nowMs = NOW_MS;
        let keys: readonly KeyRecord[] = first();
        const killed = new Set<string>();
        for (const step of taken) {
          nowMs += step.afterMs;
          keys = apply(keys, step, nowMs);
          for (const { id, killedAtMs } of keys) if (killedAtMs !== null) killed.add(id);
          expectRules(keys, killed, nowMs);
          expectRules(keys, killed, nowMs + laterMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  function expectRules(keys: readonly KeyRecord[], killed: Set<string>, nowMs: number): void {
    const states = statesOf(keys, nowMs);
    expect(states.filter((state) => state === 'signs').length).toBeLessThanOrEqual(1);
    expect(states.filter((state) => state === 'published').length).toBeLessThanOrEqual(1);
    const signing = signingKeyAt(keys, nowMs);
    if (signing === undefined) {
      const next = nextKeyAt(keys, nowMs);
      expect((next?.signsFromMs ?? Infinity) - nowMs).toBeLessThanOrEqual(LEAST_PUBLISHED_MS);
    } else {
      const isFirst = signing.createdAtMs === NOW_MS;
      const leastMs = isFirst ? 0 : LEAST_PUBLISHED_MS;
      expect(signing.signsFromMs - signing.createdAtMs).toBeGreaterThanOrEqual(leastMs);
      expect(isPublished(signing, nowMs) && needsSecret(signing, nowMs)).toBe(true);
    }
    for (const key of keys) {
      if (!killed.has(key.id)) continue;
      expect([keyState(key, nowMs), isPublished(key, nowMs)]).toEqual(['killed', false]);
    }
    for (const id of killed) expect(keys.some((key) => key.id === id)).toBe(true);
  }

  function apply(keys: readonly KeyRecord[], { act, pick }: Step, nowMs: number) {
    const id = keys[pick % keys.length]?.id ?? 'k4.pid.';
    try {
      if (act === 'rotate') return addKey(keys, fresh(), { nowMs, aheadMs: AHEAD_MS });
      if (act === 'withdraw') return withdrawKey(keys, id, nowMs);
      if (act === 'forget') return forgetGone(keys, nowMs);
      const ids = act === 'kill' ? [id] : keys.map((key) => key.id);
      const successor = leavesNoKey(keys, ids, nowMs) ? fresh() : undefined;
      return killKeys(keys, ids, { nowMs, fresh: successor });
    } catch (error) {
      if (error instanceof KeyRefusedError) return keys;
      throw error;
    }
  }
});
