// What people do to their own account: choose the first e-mail address and password, change the
// password.
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { IdentityContext, SignedIn } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { endOtherSessions } from '../sessions/end-sessions.js';
import type { Session } from '../sessions/session-store.js';
import { refuseTakenEmail } from './accounts.js';
import { refuseOwnWords } from './own-words.js';
import { setPassword } from './set-password.js';

/**
 * Changes the password and ends the account's other sessions; this one stays.
 * @throws Refused `invalid-input` when the current password is wrong or the new one is made of its own words, `too-many-attempts` after ten
 * wrong ones: a session left open in a library must not be enough to try them all.
 */
export async function changePassword(
  context: IdentityContext,
  { account }: SignedIn,
  session: Session,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
  by: Actor,
): Promise<void> {
  const { config, db, now, passwords, signInLimits } = context;
  const names = { appOrigin: config.appOrigin, email: account.email ?? '' };
  refuseOwnWords('newPassword', newPassword, names);
  const admitted = await signInLimits.admitPasswordChange(account.id);
  if (!(await passwords.verify(account.password_hash, currentPassword))) {
    // There are few of these: the limit above ends them.
    await recordAudit(db, { ...by, action: 'password.refused' }, now());
    throw new Refused('invalid-input', 'currentPassword: this is not your current password');
  }
  await admitted.succeed();
  // Of two changes at once one must know that its current password was no longer current.
  const fact = { ...by, action: 'password.changed', details: { how: 'by its owner' } } as const;
  if (!(await setPassword(context, account, await passwords.hash(newPassword), fact))) {
    throw new Refused('conflict', 'The password was changed from elsewhere just now.');
  }
  await endOtherSessions(context, session, { ...by, reason: 'password-changed' });
}

/**
 * Gives the first-run administrator an e-mail address and a password, once.
 * @throws Refused `conflict` when the address is taken, or the account has been completed already.
 */
export async function completeAccount(
  { config, db, now, passwords }: IdentityContext,
  { account }: SignedIn,
  { email, password }: { email: string; password: string },
  by: Actor,
): Promise<Account> {
  refuseOwnWords('password', password, { appOrigin: config.appOrigin, email });
  const passwordHash = await passwords.hash(password);
  const completed = await refuseTakenEmail(() =>
    db.transaction().execute(async (transaction) => {
      const updated = await transaction
        .updateTable('account')
        .set({ email, password_hash: passwordHash })
        .where('id', '=', account.id)
        .where('password_hash', 'is', null)
        .returningAll()
        .executeTakeFirst();
      const fact = { ...by, action: 'account.completed' } as const;
      if (updated !== undefined) await recordAudit(transaction, fact, now());
      return updated;
    }),
  );
  if (completed === undefined) {
    throw new Refused('conflict', 'This account has its e-mail address and password already.');
  }
  return completed;
}
