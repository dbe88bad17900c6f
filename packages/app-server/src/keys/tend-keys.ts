// What goes on with the keys beside the requests: see what others have changed, rotate when it is due, forget what is
// gone, keep the marks of killed keys in the ledger. Everything may run on any number of app servers at once.
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { forgetGone, isRotationDue } from './change-ring.js';
import { needsSecret } from './key-life.js';
import { ringFigures, type KeyStanding, type Tending } from './key-standing.js';
import type { KeyStore } from './key-store.js';
import { createLiveKeys, type LiveKeys } from './live-keys.js';
import { listRevisions, type Ring } from './ring-file.js';
import { revokeKeys } from './revoke-keys.js';
import { forget, rotateWhenDue, type KeyActions } from './rotate-keys.js';

/** How often each app server looks: `LEAST_PUBLISHED_MS` rests on it. */
export const LOOK_EVERY_MS = 1000;
export const MARK_EVERY_MS = 2000;

export interface KeyTending {
  keys: LiveKeys;
  /** Looks for changes and makes those that are due. */
  look(): Promise<void>;
  /** Writes the marks of killed keys again. @throws LedgerUnavailableError */
  mark(): Promise<void>;
  /** How the keys stand now, for the metrics; looks at nothing but memory. */
  standing(): KeyStanding;
}

export interface KeyTendingOptions {
  store: KeyStore;
  ledger: Pick<Ledger, 'revoke'>;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
  aheadMs: number;
  /** How long a key signs; undefined: until somebody rotates. */
  rotationMs: number | undefined;
}

/** @throws Error that names file or setting when the keys cannot be had. */
export async function openKeys(options: KeyTendingOptions): Promise<KeyTending> {
  const { store, ledger, log, now, aheadMs, rotationMs } = options;
  const keys = await createLiveKeys({ store, log, now }, await store.open(now()));
  const actions: KeyActions = { store, aheadMs, now, by: 'schedule' };
  const schedule = rotationMs === undefined ? undefined : { rotationMs, aheadMs };
  const failed: Record<Tending, boolean> = { look: false, mark: false };
  let newest = keys.current.revision;
  let marked = keys.killed();

  /** Remembers how it went, and passes that on. */
  async function noting(tending: Tending, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      failed[tending] = false;
    } catch (error) {
      failed[tending] = true;
      throw error;
    }
  }

  async function take(ring: Ring): Promise<void> {
    const before = keys.current.revision;
    newest = ring.revision;
    await keys.take(ring);
    if (keys.current.revision === before) return;
    const { action, ids = [], by } = ring.change ?? {};
    log.info({ revision: ring.revision, action, by, keyIds: ids }, 'the keys have changed');
  }

  async function look(): Promise<void> {
    newest = (await listRevisions(store.directory)).at(-1) ?? 0;
    if (newest === keys.current.revision) keys.noteLook();
    else await take(await store.read());
    // When the ledger is away, the loop that marks again and again says so.
    if (keys.killed() !== marked) await noting('mark', mark).catch(() => {});
    const nowMs = now();
    const records = keys.current.keys;
    if (schedule !== undefined && isRotationDue(records, { ...schedule, nowMs }))
      await take(await rotateWhenDue(actions, schedule.rotationMs));
    if (isAnythingToForget(keys.current, nowMs)) {
      await forget({ ...actions, by: 'server' }, keys.current);
      await take(await store.read());
    }
  }

  async function mark(): Promise<void> {
    const killed = keys.killed();
    if (killed.length > 0) await revokeKeys(ledger, killed);
    marked = killed;
  }

  const swept = new Set<string>();

  /** Each secret is deleted once by each server; what is deleted already costs nothing. */
  function isAnythingToForget({ keys: records }: Ring, nowMs: number): boolean {
    const unneeded = records.filter((key) => !needsSecret(key, nowMs) && !swept.has(key.id));
    for (const { id } of unneeded) swept.add(id);
    return unneeded.length > 0 || forgetGone(records, nowMs).length < records.length;
  }

  return {
    keys,
    look: () => noting('look', look),
    mark: () => noting('mark', mark),
    standing: () => ({
      ...ringFigures(keys.current.keys, now(), schedule),
      revision: keys.current.revision,
      behind: newest - keys.current.revision,
      lookAgeSeconds: keys.lookAgeSeconds(),
      unreadableSecrets: keys.unreadableSecrets(),
      failed: { ...failed },
    }),
  };
}
