// The audit trail of keys. A command cannot reach every database (the embedded one has a single opener), so each change
// is told by the ring itself, and the servers write it down: whichever comes first, and never twice.
import { recordAudit } from '../audit/record-audit.js';
import type { AppContext } from '../context.js';
import { listRevisions, readRevision } from './ring-file.js';

/** Returns work that writes down the changes that are not in the trail yet. */
export function auditKeyChanges({ config, db }: Pick<AppContext, 'config' | 'db'>) {
  const { directory } = config.keys;
  let lastRevision = 0;

  return async function noteChanges(): Promise<void> {
    for (const revision of await listRevisions(directory)) {
      if (revision <= lastRevision) continue;
      await note(revision);
      lastRevision = revision;
    }
  };

  async function note(revision: number): Promise<void> {
    const { change } = await readRevision(directory, revision);
    if (change === undefined) return;
    const { action, ids, atMs, by } = change;
    for (const [i, id] of ids.entries()) {
      await recordAudit(
        db,
        {
          id: `ring-${revision}-${atMs}-${i}`,
          action,
          actorId: null,
          subject: `key:${id}`,
          address: null,
          details: { by },
        },
        atMs,
      );
    }
  }
}
