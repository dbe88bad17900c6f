// Claims of links that were never used are settled while the ledger still remembers them: a copy whose
// claim it can prove unburned is free again, for the recipient who comes back tomorrow.
import type { AppContext } from '../context.js';
import { standingOf } from './copy-of-link.js';

const AT_A_TIME = 50;

/** Later than a press gives a claim again, long before the ledger forgets it. Milliseconds. */
const SETTLED_AFTER_MS = 10_000;

type Dependencies = Pick<AppContext, 'db' | 'ledger' | 'now'>;

/** Settles every copy that has run out and of which nothing was heard. */
export async function settleCopies({ db, ledger, now }: Dependencies): Promise<void> {
  const nowMs = now();
  for (let after: string | undefined = ''; after !== undefined;) {
    const copies = await db
      .selectFrom('link_copy')
      .innerJoin('claim', 'claim.id', 'link_copy.claim_id')
      .selectAll('link_copy')
      .select(['claim.revoked_at', 'claim.finished_at'])
      .where('link_copy.outcome', 'is', null)
      .where('claim.last_event_at', 'is', null)
      .where('link_copy.expires_at', '<', new Date(nowMs - SETTLED_AFTER_MS))
      .where('link_copy.claim_id', '>', after)
      .orderBy('link_copy.claim_id')
      .limit(AT_A_TIME)
      .execute();
    await Promise.all(copies.map((copy) => standingOf({ db, ledger }, copy, nowMs)));
    after = copies.length < AT_A_TIME ? undefined : copies.at(-1)?.claim_id;
  }
}
