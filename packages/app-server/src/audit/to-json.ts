// Entries as they are told: whole to administrators; to the account they are about without what is an
// administrator's own, as from where they did it.
import type { AuditEntry } from './list-audit.js';

export type DoneBy = 'self' | 'administrator' | 'visitor' | 'server';

export interface OwnEntry {
  id: string;
  at: Date;
  action: string;
  by: DoneBy;
  subject: string | null;
  address: string | null;
  details: AuditEntry['details'];
}

/** An entry as its own account may see it. */
export function ownEntry(entry: AuditEntry, accountId: string): OwnEntry {
  const { id, at, action, subject, details } = entry;
  const by = doneBy(entry, accountId);
  return {
    id,
    at,
    action,
    by,
    subject,
    details,
    address: by === 'administrator' ? null : entry.address,
  };
}

/** The server alone has no address. */
function doneBy({ actor, address }: AuditEntry, accountId: string): DoneBy {
  if (actor !== null) return actor.id === accountId ? 'self' : 'administrator';
  return address === null ? 'server' : 'visitor';
}
