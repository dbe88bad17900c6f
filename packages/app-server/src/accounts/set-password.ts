// Giving an account a new password: the one place that also does what must go with it. Links that
// prove the old state are withdrawn and the owner is told by mail, in one transaction with the change.
import { recordAudit, type AuditFact } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { queueMail } from '../mail/queue-mail.js';
import { forgetBrowsers } from '../sessions/remembered-browsers.js';
import { newId } from '../database/new-id.js';
import { passwordChangedMail } from '../sign-in/identity-mails.js';
import { withdrawIdentityLinks } from '../sign-in/identity-links.js';

/**
 * Sets the password, and writes `fact` into the audit trail, when the account still has the one it was read with; false when it does not.
 * Sessions are the caller's to end: which of them stays differs.
 */
export async function setPassword(
  { config, db, now }: Pick<IdentityContext, 'config' | 'db' | 'now'>,
  account: Account,
  passwordHash: string,
  fact: AuditFact,
): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('account')
      .set({ password_hash: passwordHash })
      .where('id', '=', account.id)
      .where('disabled_at', 'is', null)
      .where('password_hash', account.password_hash === null ? 'is' : '=', account.password_hash)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await withdrawIdentityLinks(transaction, account.id, now());
    await recordAudit(transaction, fact, now());
    await forgetBrowsers(transaction, { account: account.id });
    if (account.email !== null && account.password_hash !== null) {
      await queueMail(transaction, {
        to: account.email,
        ...passwordChangedMail(config),
        stableId: `password-changed:${newId()}`,
        kind: 'account-notice',
        at: new Date(now()),
      });
    }
    return true;
  });
}
