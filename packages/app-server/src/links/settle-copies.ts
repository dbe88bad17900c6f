// Claims of links that were never used are settled while the ledger still remembers them: a copy whose
// claim it can prove unburned is free again, for the recipient who comes back tomorrow.
import { setTimeout as wait } from 'node:timers/promises';
import type { AppContext } from '../context.js';
import { standingOf } from './copy-of-link.js';

const EVERY_MS = 10_000;
const AT_A_TIME = 50;

/** Later than a press gives a claim again, long before the ledger forgets it. Milliseconds. */
const SETTLED_AFTER_MS = 10_000;

type Dependencies = Pick<AppContext, 'db' | 'ledger' | 'log' | 'now'>;

/** Settles every copy that has run out and of which nothing was heard. Returns how many there were. */
export async function settleCopies({ db, ledger, now }: Dependencies): Promise<number> {
  const nowMs = now();
  let after = '';
  for (let settled = 0; ;) {
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
    settled += copies.length;
    const last = copies.at(-1);
    if (last === undefined || copies.length < AT_A_TIME) return settled;
    after = last.claim_id;
  }
}

/** Starts the loop; `stop()` lets the round at hand finish. Outages are waited out. */
export function keepSettlingCopies(dependencies: Dependencies): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        await settleCopies(dependencies);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) {
          dependencies.log.warn({ err: error }, 'copies of links cannot be settled; trying again');
        }
      }
      await wait(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
