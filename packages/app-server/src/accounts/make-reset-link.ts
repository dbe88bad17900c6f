// A link to a new password that an administrator passes on by hand, where no mail brings one: without a mail
// server, or with `RESET_LINKS=off`. Else there is no such thing: then only the mailbox proves who somebody is.
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { makeIdentityLink } from '../sign-in/identity-links.js';
import type { AppConfig } from '../config.js';
import { isInvited } from './invitations.js';

export interface ResetLink {
  email: string;
  url: string;
  expiresAt: Date;
}

/** Whether administrators pass links to new passwords on, because no mail brings them. */
export function areResetLinksByHand({ mailedLinks, smtp }: AppConfig): boolean {
  return smtp === undefined || !mailedLinks['reset-password'];
}

/**
 * @throws Refused `conflict` when they are mailed; `not-found` when no enabled account with a
 * password has this id.
 */
export async function makeResetLink(
  { config, db, now }: Pick<IdentityContext, 'config' | 'db' | 'now'>,
  accountId: string,
  by: Actor,
): Promise<ResetLink> {
  if (!areResetLinksByHand(config)) {
    throw new Refused('conflict', 'There is a mail server: its owner asks for a link by e-mail.');
  }
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', accountId)
    .executeTakeFirst();
  if (!account?.email || account.disabled_at !== null || isInvited(account)) {
    throw new Refused('not-found');
  }
  const { email } = account;
  return await db.transaction().execute(async (transaction) => {
    const { url, expiresAt } = await makeIdentityLink(transaction, config.appOrigin, {
      accountId,
      purpose: 'reset-password',
      nowMs: now(),
      byHand: true,
    });
    await recordAudit(transaction, { ...by, accountId, action: 'reset-link.made' }, now());
    return { email, url, expiresAt };
  });
}
