// Who else hears of what happened to claims: the webhooks of their account, and by mail the sender of a
// link that was fetched. In the transaction that stores the events, so both are there or neither.
import type { Transaction } from 'kysely';
import type { ClaimEventTable, Schema } from '../database/schema.js';
import { queueFetchedNotice } from '../mail/fetched-notice.js';
import type { WebhookEvent } from '../webhooks/event-types.js';
import { queueWebhookEvents } from '../webhooks/queue-event.js';

const TYPES: Record<ClaimEventTable['kind'], WebhookEvent> = {
  started: 'download.started',
  resumed: 'download.resumed',
  finished: 'download.finished',
  'broken-off': 'download.broken_off',
  refused: 'download.refused',
};

export interface Telling {
  transaction: Transaction<Schema>;
  /** Where the ways out of a notice lead. */
  appOrigin: string;
  /** Unix milliseconds. */
  nowMs: number;
}

/** Told of events as they were stored; those that had been stored before are told of no more. */
export async function tellOfEvents(
  { transaction, appOrigin, nowMs }: Telling,
  events: readonly Pick<ClaimEventTable, 'id' | 'claim_id' | 'kind' | 'bytes' | 'at'>[],
): Promise<void> {
  if (events.length === 0) return;
  const claims = await transaction
    .selectFrom('claim')
    .leftJoin('link', 'link.id', 'claim.link_id')
    .select(['claim.id', 'claim.account_id', 'claim.file_id', 'claim.file_name'])
    .select(['claim.size_bytes', 'claim.link_id', 'link.recipient'])
    .where('claim.id', 'in', [...new Set(events.map(({ claim_id }) => claim_id))])
    .execute();
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  const told = events.flatMap((event) => {
    const claim = byId.get(event.claim_id);
    return claim === undefined ? [] : [{ event, claim }];
  });
  await queueWebhookEvents(
    transaction,
    told.map(({ event, claim }) => ({
      accountId: claim.account_id,
      type: TYPES[event.kind],
      at: event.at,
      stableId: `claim-event:${event.id}`,
      data: {
        claimId: claim.id,
        ...(claim.link_id === null ? {} : { linkId: claim.link_id, recipient: claim.recipient }),
        fileId: claim.file_id,
        fileName: claim.file_name,
        size: claim.size_bytes,
        bytes: event.bytes,
      },
    })),
  );
  for (const { event, claim } of told) {
    if (event.kind !== 'finished' || claim.link_id === null) continue;
    const { link_id: linkId } = claim;
    await queueFetchedNotice(transaction, { linkId, finishedAt: event.at, appOrigin, nowMs });
  }
}
