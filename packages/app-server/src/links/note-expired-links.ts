// A link that runs out does so without anybody's doing: here it is noticed, written into its story and
// told to webhooks. What a link hands out never waits for this; that is decided by the clock at the press.
import type { AppContext } from '../context.js';
import { countCopies } from './link-state.js';
import { readToldCopies } from './list-links.js';
import { recordLinkEvents } from './record-link-event.js';

const AT_A_TIME = 100;

/**
 * Notes links that have run out since it was last asked, and returns how many there were. Several app
 * servers may ask at once: each link is noted by one. A link that is used up or withdrawn had ended
 * before, so nothing is told of it.
 */
export async function noteExpiredLinks({
  db,
  now,
}: Pick<AppContext, 'db' | 'now'>): Promise<number> {
  const nowMs = now();
  const at = new Date(nowMs);
  return await db.transaction().execute(async (transaction) => {
    const links = await transaction
      .updateTable('link')
      .set({ run_out_at: at })
      .where('id', 'in', (due) =>
        due
          .selectFrom('link')
          .select('id')
          .where('run_out_at', 'is', null)
          .where('expires_at', '<=', at)
          .orderBy('expires_at')
          .limit(AT_A_TIME)
          .forUpdate()
          .skipLocked(),
      )
      .returningAll()
      .execute();
    if (links.length === 0) return 0;
    const ids = links.map(({ id }) => id);
    const copies = await readToldCopies(transaction, ids, nowMs);
    const isLeft = ({ id, copies: allowed }: (typeof links)[number]) =>
      countCopies(copies.get(id) ?? []).used < allowed;
    const ended = links.filter((link) => link.revoked_at === null && isLeft(link));
    await recordLinkEvents(
      transaction,
      ended.map((link) => ({ link, kind: 'expired', atMs: link.expires_at.getTime() })),
    );
    return links.length;
  });
}
