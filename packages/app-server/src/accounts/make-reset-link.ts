// A link to a new password that an administrator passes on by hand, where no mail server would bring it.
// With one there is no such thing: then only the mailbox proves who somebody is.
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { makeIdentityLink } from '../sign-in/identity-links.js';
import { isInvited } from './invitations.js';

export interface ResetLink {
  email: string;
  url: string;
  expiresAt: Date;
}

/**
 * @throws Refused `conflict` when there is a mail server; `not-found` when no enabled account with a
 * password has this id.
 */
export async function makeResetLink(
  { config, db, now }: Pick<IdentityContext, 'config' | 'db' | 'now'>,
  accountId: string,
  by: Actor,
): Promise<ResetLink> {
  if (config.smtp !== undefined) {
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
    });
    await recordAudit(transaction, { ...by, accountId, action: 'reset-link.made' }, now());
    return { email, url, expiresAt };
  });
}
