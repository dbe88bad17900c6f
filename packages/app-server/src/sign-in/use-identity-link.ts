// What the button of a mailed link does: use the link up, for signing in or for a new password. Everything
// that can be refused without using it up is checked first.
import { refuseOwnWords } from '../accounts/own-words.js';
import { setPassword } from '../accounts/set-password.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { endAllSessions } from '../sessions/end-sessions.js';
import { burnIdentityLink, findIdentityLink } from './identity-links.js';

/**
 * Uses up a mailed link for signing in; returns whom it proves.
 * @throws Refused as `findIdentityLink` and `burnIdentityLink` do; LedgerUnavailableError.
 */
export async function burnMailedSignIn(context: IdentityContext, handle: string): Promise<Account> {
  const pressed = await findIdentityLink(context, handle);
  if (pressed.link.purpose !== 'sign-in') throw new Refused('invalid-claim');
  await burnIdentityLink(context, pressed);
  return pressed.account;
}

/**
 * Sets the password by a mailed link, of a reset or an invitation, and ends every session the account
 * has. Nobody is signed in by it: the new password is proven by being typed.
 * @param password checked against the rules.
 * @throws Refused as `burnMailedSignIn` does; `conflict` when the password was changed just now.
 */
export async function choosePasswordByMailedLink(
  context: IdentityContext,
  handle: string,
  password: string,
  address: string,
): Promise<void> {
  const pressed = await findIdentityLink(context, handle);
  const { account, link } = pressed;
  if (link.purpose === 'sign-in') throw new Refused('invalid-claim');
  const names = { appOrigin: context.config.appOrigin, email: account.email ?? '' };
  refuseOwnWords('password', password, names);
  // Hashing may be refused as busy, which must not cost the link.
  const passwordHash = await context.passwords.hash(password);
  await burnIdentityLink(context, pressed);
  // Before and after: a dead ledger stops the change, and no session slips in between.
  // The mailbox has proven whose doing it is.
  const by = { actorId: account.id, address };
  const isInvitation = link.purpose === 'accept-invitation';
  await endAll(context, by);
  const fact = isInvitation
    ? ({ ...by, action: 'invitation.accepted' } as const)
    : ({ ...by, action: 'password.changed', details: { how: 'by mailed link' } } as const);
  if (!(await setPassword(context, account, passwordHash, fact))) {
    throw new Refused('conflict', 'The password was changed from elsewhere just now.');
  }
  await endAll(context, by);
}

async function endAll(
  context: IdentityContext,
  by: { actorId: string; address: string },
): Promise<void> {
  await endAllSessions(context, by.actorId, { ...by, reason: 'password-changed' });
}
