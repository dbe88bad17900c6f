// What a sender changes on a link that is out: a longer life, more copies, another address for it. A
// withdrawn link stays withdrawn: what was said to be over must not come back to life.
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { AppContext, SignedIn } from '../context.js';
import { Refused } from '../http/problems.js';
import { takeLinkQuota } from '../quotas/take-link-quota.js';
import { findOwnLink } from './find-link.js';
import { hashOfHandle, mailedUrl, newHandle } from '../mailed-handle.js';
import { DEFAULT_LINK_SECONDS, type LinkChange } from './input.js';
import { hashOfCode, newCode } from './link-code.js';
import type { LinkRecord } from './link-tables.js';
import { dropLinkMails, keepLinkMails, mailLink } from './mail-link.js';
import type { NewLink } from './create-links.js';
import { recordLinkEvents } from './record-link-event.js';

/**
 * Extends a link from now on, or allows more copies of it.
 * @throws Refused `not-found`; `conflict` for a withdrawn link, or for fewer copies than it has.
 */
export async function changeLink(
  { db, now }: Pick<AppContext, 'db' | 'now'>,
  accountId: string,
  linkId: string,
  { expiresInSeconds, copies, notify }: LinkChange,
  by: Actor,
): Promise<LinkRecord> {
  const link = await findOwnLink(db, accountId, linkId);
  refuseWithdrawn(link);
  if (copies !== undefined && copies < link.copies) {
    throw new Refused('conflict', 'Copies can only be added; withdraw the link to end it.');
  }
  const atMs = now();
  const change = {
    ...(expiresInSeconds === undefined
      ? {}
      : { expires_at: new Date(atMs + expiresInSeconds * 1000), run_out_at: null }),
    ...(copies === undefined ? {} : { copies }),
    ...(notify === undefined ? {} : { notify }),
  };
  return await db.transaction().execute(async (transaction) => {
    const changed = await transaction
      .updateTable('link')
      .set(change)
      .where('id', '=', link.id)
      .where('revoked_at', 'is', null)
      // Two changes at once must not take copies away from each other.
      .where('copies', '<=', copies ?? link.copies)
      .returningAll()
      .executeTakeFirst();
    if (changed === undefined) throw new Refused('conflict', 'The link was changed meanwhile.');
    if (expiresInSeconds !== undefined || copies !== undefined) {
      const what = [
        expiresInSeconds === undefined ? '' : `until ${changed.expires_at.toISOString()}`,
        copies === undefined ? '' : `${copies} copies`,
      ];
      const detail = what.filter((each) => each !== '').join(', ');
      await recordLinkEvents(transaction, [{ link: changed, kind: 'extended', detail, atMs }]);
      await keepLinkMails(transaction, changed, atMs);
      const details = { expiresAt: changed.expires_at.toISOString(), copies: changed.copies };
      const fact = { ...by, action: 'link.extended', subject: `link:${linkId}`, details } as const;
      await recordAudit(transaction, fact, atMs);
    }
    return changed;
  });
}

/**
 * Gives a link a new address, and a new code if it has one; the old address says so from now on. Mails
 * it to the recipient, or to another one. A link that had run out lives for another week.
 * @throws Refused `not-found`; `conflict` for a withdrawn link; `links-used-up`.
 */
export async function sendLinkAgain(
  { config, db, linkDigest, now }: Pick<AppContext, 'config' | 'db' | 'linkDigest' | 'now'>,
  { account }: Pick<SignedIn, 'account'>,
  linkId: string,
  to: string | undefined,
  by: Actor,
): Promise<NewLink> {
  const link = await findOwnLink(db, account.id, linkId);
  refuseWithdrawn(link);
  const atMs = now();
  const handle = newHandle();
  const code = link.code_hash === null ? undefined : newCode();
  const url = mailedUrl(config.appOrigin, 'l', handle);
  const expiresAt =
    link.expires_at.getTime() > atMs
      ? link.expires_at
      : new Date(atMs + DEFAULT_LINK_SECONDS * 1000);
  return await db.transaction().execute(async (transaction) => {
    const wanted = { accountId: account.id, links: 1, nowMs: atMs };
    await takeLinkQuota({ config, db: transaction }, wanted);
    const changed = await transaction
      .updateTable('link')
      .set({
        recipient: to ?? link.recipient,
        expires_at: expiresAt,
        run_out_at: null,
        code_hash: code === undefined ? null : hashOfCode(linkDigest, link.id, code),
        code_tries: 0,
        code_blocked_until: null,
      })
      .where('id', '=', link.id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (changed === undefined) throw new Refused('conflict', WITHDRAWN);
    await transaction
      .updateTable('link_handle')
      .set({ replaced_at: new Date(atMs) })
      .where('link_id', '=', link.id)
      .where('replaced_at', 'is', null)
      .execute();
    await transaction
      .insertInto('link_handle')
      .values({
        hash: hashOfHandle(handle),
        link_id: link.id,
        created_at: new Date(atMs),
        replaced_at: null,
      })
      .execute();
    const detail = changed.recipient ?? undefined;
    await recordLinkEvents(transaction, [{ link: changed, kind: 'sent-again', detail, atMs }]);
    await dropLinkMails(transaction, link.id, atMs);
    const details = { to: changed.recipient };
    const fact = { ...by, action: 'link.sent-again', subject: `link:${linkId}`, details } as const;
    await recordAudit(transaction, fact, atMs);
    const { appOrigin } = config;
    await mailLink(transaction, { link: changed, handle, url, sender: account, appOrigin, atMs });
    return { link: changed, url, code };
  });
}

const WITHDRAWN = 'This link was withdrawn. Make a new one.';

function refuseWithdrawn(link: LinkRecord): void {
  if (link.revoked_at !== null) throw new Refused('conflict', WITHDRAWN);
}
