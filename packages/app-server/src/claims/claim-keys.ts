// Claims whose signing key was retired in an emergency. They are dead by the key's own mark, all at once, and no row is
// written then: what the row remembers and the ring's retired keys are put together at each reading.
import { COPY_IDLE_SECONDS, MAX_COPY_SECONDS, type KeyId } from '@claimcheck/shared/claim';
import { sql, type Kysely } from 'kysely';
import type { ClaimRecord, Schema } from '../database/schema.js';
import type { LiveKeys } from '../keys/live-keys.js';

export type KilledKeys = Pick<LiveKeys, 'killed' | 'killedAtMs'>;

/**
 * When this claim died with its key: when the last of the keys that have signed it was killed. Undefined when one of
 * them is alive, when they are not known (a claim older than this column), and when the claim was over or revoked before.
 */
export function keyRetirementOf(
  claim: RetirableClaim,
  startedAt: Date | undefined,
  keys: Pick<KilledKeys, 'killedAtMs'>,
): Date | undefined {
  const instants = (claim.key_ids ?? []).map((id) => keys.killedAtMs(id as KeyId));
  if (instants.length === 0 || instants.includes(undefined)) return undefined;
  const atMs = Math.max(...instants.filter((instant) => instant !== undefined));
  return wasUsable(claim, startedAt, atMs) ? new Date(atMs) : undefined;
}

/** Each instant at which one of its keys was killed while the claim was of use. Another key may have signed it since. */
export function keyRetirementsOf(
  claim: RetirableClaim,
  startedAt: Date | undefined,
  keys: Pick<KilledKeys, 'killedAtMs'>,
): Date[] {
  return (claim.key_ids ?? [])
    .flatMap((id) => keys.killedAtMs(id as KeyId) ?? [])
    .filter((atMs) => wasUsable(claim, startedAt, atMs))
    .map((atMs) => new Date(atMs));
}

export type RetirableClaim = Pick<
  ClaimRecord,
  'key_ids' | 'expires_at' | 'revoked_at' | 'finished_at' | 'last_event_at'
>;

/** Whether it could have been used, or its copy resumed, at this instant. */
function wasUsable(claim: RetirableClaim, startedAt: Date | undefined, atMs: number): boolean {
  const { revoked_at: revokedAt, finished_at: finishedAt } = claim;
  if (revokedAt !== null && revokedAt.getTime() <= atMs) return false;
  if (finishedAt !== null && finishedAt.getTime() <= atMs) return false;
  return atMs < (resumableUntil(claim, { startedAt }) ?? claim.expires_at).getTime();
}

/** Until when an interrupted copy can be resumed, if nothing more happens; undefined when none has begun. */
export function resumableUntil(
  { last_event_at: lastEventAt }: Pick<ClaimRecord, 'last_event_at'>,
  { startedAt = lastEventAt ?? undefined }: { startedAt?: Date | undefined },
): Date | undefined {
  if (lastEventAt === null || startedAt === undefined) return undefined;
  return new Date(
    Math.min(
      lastEventAt.getTime() + COPY_IDLE_SECONDS * 1000,
      startedAt.getTime() + MAX_COPY_SECONDS * 1000,
    ),
  );
}

/**
 * Remembers that this key has signed the claim too: of a link's, each press makes the token anew. To be done before the
 * token is handed out, so that nothing is shown as revoked that can be used. Of which no key is known, none is noted.
 */
export async function noteSigningKey(
  db: Kysely<Schema>,
  claim: Pick<ClaimRecord, 'id' | 'key_ids'>,
  keyId: KeyId,
): Promise<void> {
  if (claim.key_ids === null || claim.key_ids.includes(keyId)) return;
  await db
    .updateTable('claim')
    .set({ key_ids: sql<string[]>`array_append(key_ids, ${keyId}::text)` })
    .where('id', '=', claim.id)
    // Another press may have come first.
    .where(sql<boolean>`not ${keyId}::text = any(key_ids)`)
    .execute();
}
