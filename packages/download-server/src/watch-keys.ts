// Ends downloads whose signing key was retired in an emergency. The burn refuses what has not begun; what is being
// sent asks the ledger seldom, or, a strict claim's response, never again. So as long as something is being sent, the
// keys that it came by are looked up every few seconds.
import { subjectOf, type KeyId } from '@claimcheck/shared/claim';
import type { KeySource } from '@claimcheck/shared/key-source';
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';

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
  const open = new Map<KeyId, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    for (const id of open.keys()) {
      // A ledger that is away says nothing; the published document may have.
      const gone = keys.isRetired(id) || (await isRevoked(id));
      const ends = open.get(id);
      if (!gone || ends === undefined) continue;
      log.warn(
        { key: id, downloads: ends.size },
        'the key was retired in an emergency: downloads end',
      );
      for (const end of ends) end();
    }
    timer = open.size === 0 ? undefined : later();
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
      if (ends === undefined) open.set(id, (ends = new Set()));
      ends.add(end);
      timer ??= later();
      return () => {
        ends.delete(end);
        if (ends.size === 0 && open.get(id) === ends) open.delete(id);
      };
    },
    close: () => clearTimeout(timer),
  };
}
