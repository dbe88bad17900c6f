// A directory of keys of a test's own, and a ring to look at: no server, no ledger.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKeyStore,
  NO_WRAPPING,
  type KeyActions,
  type KeyStore,
  type Wrapping,
} from '@claimcheck/app-server/keys';

export const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
export const AHEAD_MS = 130_000;

export interface TestStore {
  directory: string;
  store: KeyStore;
  /** The same directory as another process sees it. */
  again(wrapping?: Wrapping): KeyStore;
  actions(nowMs?: number, by?: KeyActions['by']): KeyActions;
  remove(): Promise<void>;
}

export async function createTestStore(wrapping: Wrapping = NO_WRAPPING): Promise<TestStore> {
  const parent = await mkdtemp(join(tmpdir(), 'claimcheck-keys-'));
  const directory = join(parent, 'keys');
  const store = createKeyStore(directory, wrapping);
  return {
    directory,
    store,
    again: (other = wrapping) => createKeyStore(directory, other),
    actions: (nowMs = NOW_MS, by = 'command') => ({
      store: createKeyStore(directory, wrapping),
      aheadMs: AHEAD_MS,
      now: () => nowMs,
      by,
    }),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}
