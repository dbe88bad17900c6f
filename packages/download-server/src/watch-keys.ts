// Ends downloads whose signing key was retired in an emergency. The burn refuses what has not begun; what is being
// sent asks the ledger seldom, or, a strict claim's response, never again. So as long as something is being sent, the
// keys that it came by are looked up every few seconds.
import { subjectOf, type KeyId } from '@claimcheck/shared/claim';
import type { KeySource } from '@claimcheck/shared/key-source';
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { createUnderway, type Underway } from '@claimcheck/shared/underway';

/** With the ledger's own time-out well below the ten seconds within which a retired key's downloads end. */
const LOOK_EVERY_MS = 3000;

export interface KeyWatchDependencies {
  ledger: Pick<Ledger, 'isRevoked'>;
  keys: Pick<KeySource, 'isRetired'>;
  log: Logger;
  everyMs?: number;
}

export interface KeyWatch {
  /** Calls `end` when the key is retired meanwhile; returns what stops watching, to be called once. */
  watch(id: KeyId, end: () => void): () => void;
  close(): void;
}

/** Nothing is asked while nothing is being sent. */
export function createKeyWatch(dependencies: KeyWatchDependencies): KeyWatch {
  const { ledger, keys, log, everyMs = LOOK_EVERY_MS } = dependencies;
  /** By the key that each came by. A list stays when it has become empty: keys are few. */
  const open = new Map<KeyId, Underway<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    for (const [id, ends] of open) {
      if (ends.count() === 0) continue;
      // A ledger that is away says nothing; the published document may have.
      const gone = keys.isRetired(id) || (await isRevoked(id));
      if (!gone || ends.count() === 0) continue;
      log.warn(
        { key: id, downloads: ends.count() },
        'the key was retired in an emergency: downloads end',
      );
      for (const end of ends.all()) end();
    }
    timer = isAnythingOpen() ? later() : undefined;
  }

  function isAnythingOpen(): boolean {
    for (const ends of open.values()) if (ends.count() > 0) return true;
    return false;
  }

  function isRevoked(id: KeyId): Promise<boolean> {
    return ledger.isRevoked(subjectOf.key(id)).catch(() => false);
  }

  function later(): NodeJS.Timeout {
    return setTimeout(() => void look(), everyMs).unref();
  }

  return {
    watch(id, end) {
      let ends = open.get(id);
      if (ends === undefined) open.set(id, (ends = createUnderway()));
      const place = ends.add(end);
      timer ??= later();
      return () => ends.remove(place);
    },
    close: () => clearTimeout(timer),
  };
}
