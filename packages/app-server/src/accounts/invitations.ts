// Inviting somebody: an account without a password, and a link with which its owner chooses one. It can
// be sent again (the older link ends) and withdrawn (the account goes, it never had anything).
import type { Kysely, Transaction } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account, Role, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { queueMail } from '../mail/queue-mail.js';
import { makeIdentityLink, withdrawIdentityLinks } from '../sign-in/identity-links.js';
import { invitationMail } from '../sign-in/identity-mails.js';
import { refuseTakenEmail } from './accounts.js';

export interface Invitation {
  /** The account's id. */
  id: string;
  email: string;
  role: Role;
  expiresAt: Date;
  /** Only where no mail server would bring it: to be passed on by hand. */
  url: string | undefined;
}

type Deps = Pick<IdentityContext, 'config' | 'db' | 'now'>;

/** @throws Refused `conflict` when the e-mail address has an account already. */
export async function invite(
  deps: Deps,
  { email, role, invitedBy }: { email: string; role: Role; invitedBy: string },
  by: Actor,
): Promise<Invitation> {
  const { db, now } = deps;
  return await refuseTakenEmail(() =>
    db.transaction().execute(async (transaction) => {
      const account = await transaction
        .insertInto('account')
        .values({
          id: newId(),
          email,
          password_hash: null,
          role,
          disabled_at: null,
          created_at: new Date(now()),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const about = { accountId: account.id, details: { role } };
      await recordAudit(transaction, { ...by, ...about, action: 'invitation.made' }, now());
      return await sendInvitation(transaction, deps, account, invitedBy);
    }),
  );
}

/**
 * Sends a new link; the one before it ends.
 * @throws Refused `not-found` when there is no such invitation, or it was accepted.
 */
export async function inviteAgain(
  deps: Deps,
  { id, invitedBy }: { id: string; invitedBy: string },
  by: Actor,
): Promise<Invitation> {
  return await deps.db.transaction().execute(async (transaction) => {
    const account = await findInvited(transaction, id);
    await withdrawIdentityLinks(transaction, id, deps.now());
    const fact = { ...by, accountId: id, action: 'invitation.sent' } as const;
    await recordAudit(transaction, fact, deps.now());
    return await sendInvitation(transaction, deps, account, invitedBy);
  });
}

/** @throws Refused `not-found` when there is no such invitation, or it was accepted. */
export async function withdrawInvitation(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  id: string,
  by: Actor,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const { email } = await findInvited(transaction, id);
    // Its links go with it.
    await transaction.deleteFrom('account').where('id', '=', id).execute();
    // With the account goes what would tell whose it was.
    const about = { accountId: id, details: { email } };
    await recordAudit(transaction, { ...by, ...about, action: 'invitation.withdrawn' }, now());
  });
}

/** Until when each of these accounts can accept; none for those that can no longer, or never could. */
export async function readInvitationEnds(
  db: Kysely<Schema>,
  ids: string[],
): Promise<Map<string, Date>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('identity_link')
    .select(['account_id', 'expires_at'])
    .where('purpose', '=', 'accept-invitation')
    .where('account_id', 'in', ids)
    .where('used_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .execute();
  return new Map(rows.map(({ account_id, expires_at }) => [account_id, expires_at]));
}

/** True for an account whose owner has not come yet, by a password or from elsewhere; not the first-run administrator. */
export function isInvited({ email, password_hash, identity_count }: Account): boolean {
  return email !== null && password_hash === null && identity_count === 0;
}

/** The row is held: accepting and withdrawing at once wait for each other. */
async function findInvited(
  transaction: Transaction<Schema>,
  id: string,
): Promise<Account & { email: string }> {
  const account = await transaction
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (account === undefined || !isInvited(account)) throw new Refused('not-found');
  return { ...account, email: account.email ?? '' };
}

async function sendInvitation(
  transaction: Transaction<Schema>,
  { config, now }: Deps,
  account: Account,
  invitedBy: string,
): Promise<Invitation> {
  const { id, role } = account;
  const email = account.email ?? '';
  const nowMs = now();
  const link = await makeIdentityLink(transaction, config.appOrigin, {
    accountId: id,
    purpose: 'accept-invitation',
    nowMs,
  });
  await queueMail(transaction, {
    to: email,
    ...invitationMail({ url: link.url, appOrigin: config.appOrigin, invitedBy }),
    stableId: `identity-link:${link.id}`,
    kind: 'invitation',
    uselessAfter: link.expiresAt,
    at: new Date(nowMs),
  });
  const url = config.smtp === undefined ? link.url : undefined;
  return { id, email, role, expiresAt: link.expiresAt, url };
}
