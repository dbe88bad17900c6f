// What is done with keys, by the schedule of a server or by the command: each is one change of the ring, decided anew
// on whatever ring it ends up on. A key whose change was not needed after all leaves no secret behind.
import type { KeyId } from '@claimcheck/shared/claim';
import type { SigningKey } from '@claimcheck/shared/mint';
import {
  addKey,
  findKey,
  forgetGone,
  isRotationDue,
  killKeys,
  leavesNoKey,
  withdrawKey,
  type FreshKey,
} from './change-ring.js';
import { signingKeyAt } from './key-life.js';
import { freshKeyOf, type KeyStore, type RingWish } from './key-store.js';
import type { Ring, RingChange } from './ring-file.js';

export interface KeyActions {
  store: KeyStore;
  /** How long a new key is published before it signs, in milliseconds. */
  aheadMs: number;
  /** Unix milliseconds. */
  now: () => number;
  /** Who acts, for the record. */
  by: RingChange['by'];
}

/**
 * Makes a key that takes over when it has been published for long enough.
 * @throws KeyRefusedError when one is waiting already.
 */
export async function rotate(actions: KeyActions, imported?: SigningKey): Promise<Ring> {
  const action = imported === undefined ? 'key.made' : 'key.imported';
  return await withFresh(actions, imported, async ({ keys }, fresh) => {
    // Refused before a secret is written.
    const nowMs = actions.now();
    const { aheadMs } = actions;
    addKey(keys, imported === undefined ? PROBE : freshKeyOf(imported), { nowMs, aheadMs });
    return { keys: addKey(keys, await fresh(), { nowMs, aheadMs }), action };
  });
}

/**
 * The schedule: makes a key when the present one has signed for `rotationMs`, less the time ahead. Of many app servers
 * that find it due at once one does so; the others then find a key that waits.
 */
export async function rotateWhenDue(actions: KeyActions, rotationMs: number): Promise<Ring> {
  return await withFresh(actions, undefined, async ({ keys }, fresh) => {
    const nowMs = actions.now();
    const { aheadMs } = actions;
    if (!isRotationDue(keys, { nowMs, rotationMs, aheadMs })) return undefined;
    return { keys: addKey(keys, await fresh(), { nowMs, aheadMs }), action: 'key.made' };
  });
}

/** A planned end: the key that signs is followed by a new one; the one that waits is taken back. */
export async function retire(actions: KeyActions, id: string): Promise<Ring> {
  const nowMs = actions.now();
  const { keys } = await actions.store.read();
  if (findKey(keys, id) === signingKeyAt(keys, nowMs)) return await rotate(actions);
  return await withFresh(actions, undefined, async (ring) => {
    const found = findKey(ring.keys, id);
    return {
      keys: withdrawKey(ring.keys, found.id, nowMs),
      action: 'key.withdrawn',
      ids: [found.id],
    };
  });
}

/**
 * The emergency: kills keys for ever, all of them when none is named. This is the ring's part; the ledger's mark kills
 * what is out already (`revoke-keys.ts`).
 */
export async function kill(actions: KeyActions, named: readonly string[] | 'all'): Promise<Ring> {
  return await withFresh(actions, undefined, async ({ keys }, fresh) => {
    const nowMs = actions.now();
    const alive = keys.filter(({ killedAtMs }) => killedAtMs === null).map(({ id }) => id);
    const ids = named === 'all' ? alive : named.map((id) => findKey(keys, id).id);
    if (!ids.some((id) => alive.includes(id))) return undefined;
    const successor = leavesNoKey(keys, ids, nowMs) ? await fresh() : undefined;
    return { keys: killKeys(keys, ids, { nowMs, fresh: successor }), action: 'key.killed', ids };
  });
}

/** Leaves out keys that are gone, and deletes the secrets that nobody needs. */
export async function forget(actions: KeyActions, ring: Ring): Promise<void> {
  const nowMs = actions.now();
  await actions.store.sweepSecrets(ring, nowMs);
  if (forgetGone(ring.keys, nowMs).length === ring.keys.length) return;
  await withFresh(actions, undefined, async ({ keys }) => {
    const left = forgetGone(keys, nowMs);
    if (left.length === keys.length) return undefined;
    const ids = keys.filter((key) => !left.includes(key)).map(({ id }) => id);
    return { keys: left, action: 'key.forgotten', ids };
  });
}

interface Decision {
  keys: RingWish['keys'];
  action: RingChange['action'];
  /** Those it is about, where it is not the fresh key. */
  ids?: KeyId[];
}

type Decide = (ring: Ring, fresh: () => Promise<FreshKey>) => Promise<Decision | undefined>;

/** Stands for a key that is still to be made. */
const PROBE: FreshKey = { id: 'k4.pid.', key: 'k4.public.', secretFile: 'none' };

async function withFresh(
  { store, now, by }: KeyActions,
  given: SigningKey | undefined,
  decide: Decide,
): Promise<Ring> {
  let kept: FreshKey | undefined;
  const fresh = async () => (kept ??= await store.keepSecret(given));
  let settled: Ring | undefined;
  try {
    settled = await store.change(async (ring) => {
      const decision = await decide(ring, fresh);
      if (decision === undefined) return undefined;
      const ids = decision.ids ?? (kept === undefined ? [] : [kept.id]);
      return {
        keys: decision.keys,
        change: { action: decision.action, ids, atMs: now(), by },
      };
    });
    return settled;
  } finally {
    if (kept !== undefined) {
      const { id } = kept;
      const { keys } = settled ?? (await store.read());
      if (!keys.some((key) => key.id === id)) await store.dropSecret(kept);
    }
  }
}
