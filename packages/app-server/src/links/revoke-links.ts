// Withdrawing links: one, all to a file, or all to an address. The ledger comes first: every claim under
// a link hangs from it, so unused ones and copies under way die with one mark.
import { subjectOf } from '@claimcheck/shared/claim';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import { markClaimsRevoked } from '../claims/revoke-claims.js';
import type { AppContext } from '../context.js';
import { revokeAround } from '../revoke-around.js';
import { findOwnLink } from './find-link.js';
import { dropLinkMails } from './mail-link.js';
import { recordLinkEvents } from './record-link-event.js';

type Dependencies = Pick<AppContext, 'db' | 'ledger' | 'now'>;

/** Marks in the ledger that are set at a time: each is a round trip or several. */
const AT_A_TIME = 50;

/**
 * Withdraws one link of this account; again is no fault.
 * @throws Refused `not-found`; LedgerUnavailableError, and then it is not certain to be withdrawn.
 */
export async function revokeLink(
  dependencies: Dependencies,
  accountId: string,
  linkId: string,
  by: Actor,
): Promise<void> {
  const link = await findOwnLink(dependencies.db, accountId, linkId);
  await revokeOne(dependencies, link.id, by);
}

/**
 * Withdraws every link of this account to a file or to an address that is not withdrawn yet, also those
 * that ran out: a copy begun before may be under way. Returns how many there were.
 * @throws LedgerUnavailableError: some may be withdrawn then; again withdraws the rest.
 */
export async function revokeLinks(
  dependencies: Dependencies,
  accountId: string,
  { fileId, to }: { fileId?: string | undefined; to?: string | undefined },
  by: Actor,
): Promise<number> {
  if (fileId === undefined && to === undefined) throw new TypeError('no group of links was named');
  let query = dependencies.db
    .selectFrom('link')
    .select('id')
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null);
  if (fileId !== undefined) query = query.where('file_id', '=', fileId);
  if (to !== undefined) query = query.where('recipient', '=', to);
  const links = await query.execute();
  for (let i = 0; i < links.length; i += AT_A_TIME) {
    const some = links.slice(i, i + AT_A_TIME);
    await Promise.all(some.map(({ id }) => revokeOne(dependencies, id, by)));
  }
  return links.length;
}

async function revokeOne(dependencies: Dependencies, id: string, by: Actor): Promise<void> {
  const { db, now } = dependencies;
  await revokeAround(dependencies, [subjectOf.link(id)], async () => {
    await db.transaction().execute(async (transaction) => {
      const atMs = now();
      const link = await transaction
        .updateTable('link')
        .set({ revoked_at: new Date(atMs) })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (link !== undefined) {
        await recordLinkEvents(transaction, [{ link, kind: 'revoked', atMs }]);
        await dropLinkMails(transaction, id, atMs);
        const fact = { ...by, action: 'link.revoked', subject: `link:${id}` } as const;
        await recordAudit(transaction, fact, atMs);
      }
      await markClaimsRevoked(transaction, { link_id: id }, atMs);
    });
  });
}
