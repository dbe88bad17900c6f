// A row of the table of events, from an event of the ledger.
import type { LedgerEvent } from '@claimcheck/shared/ledger';
import type { Insertable } from 'kysely';
import type { ClaimEventTable } from '../database/schema.js';

export type EventRow = Insertable<ClaimEventTable>;

/**
 * The ledger's own ids repeat: the memory ledger counts from 1 in each life, and a flushed Redis may
 * draw an id again. With claim, kind and instant beside it the key is unique over all lives.
 */
export function rowOf(
  { id, claimId, atMs }: Pick<LedgerEvent, 'id' | 'claimId' | 'atMs'>,
  kind: ClaimEventTable['kind'],
  bytes: number,
): EventRow {
  return {
    id: `${id}:${kind}:${atMs}:${claimId}`,
    claim_id: claimId,
    kind,
    bytes,
    at: new Date(atMs),
  };
}
