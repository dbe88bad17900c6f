// Accounts: adding, listing, disabling. What an account may do is read from here at every request.
import { subjectOf } from '@claimcheck/shared/claim';
import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import { markClaimsRevoked } from '../claims/revoke-claims.js';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account, Role, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import { Refused } from '../http/problems.js';
import { forgetBrowsers } from '../sessions/remembered-browsers.js';
import { revokeAround } from '../revoke-around.js';
import { refuseOwnWords } from './own-words.js';

export interface NewAccount {
  /** Normalised. */
  email: string;
  /** Checked against the rules. */
  password: string;
  role: Role;
}

/** One page of all accounts, newest first. */
export async function listAccounts(
  db: Kysely<Schema>,
  request: PageRequest,
): Promise<PageOf<Account>> {
  return await readPage(db.selectFrom('account').selectAll(), request);
}

/** @throws Refused `conflict` when the e-mail address has an account already; `invalid-input` for its password. */
export async function addAccount(
  { config, db, passwords, now }: Pick<IdentityContext, 'config' | 'db' | 'passwords' | 'now'>,
  { email, password, role }: NewAccount,
): Promise<Account> {
  refuseOwnWords('password', password, { appOrigin: config.appOrigin, email });
  const passwordHash = await passwords.hash(password);
  return await refuseTakenEmail(() =>
    db
      .insertInto('account')
      .values({
        id: newId(),
        email,
        password_hash: passwordHash,
        role,
        disabled_at: null,
        created_at: new Date(now()),
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/**
 * Disables an account: its claims die, its sessions end, and it cannot sign in. Again is no fault and
 * does all of it again, for one that was interrupted.
 * @throws Refused `not-found`; `conflict` when no administrator would be left.
 */
export async function disableAccount(context: IdentityContext, id: string): Promise<Account> {
  const { db, sessions, now } = context;
  return await revokeAround(context, [subjectOf.account(id)], async () => {
    const account = await db.transaction().execute(async (transaction) => {
      const others = await lockOtherAdmins(transaction, id);
      if (others === 0) throw new Refused('conflict', 'An administrator must be left.');
      await forgetBrowsers(transaction, { account: id });
      return await setDisabled(transaction, id, new Date(now()));
    });
    await sessions.remove(await sessions.list(id, now()));
    await markClaimsRevoked(db, { account_id: id }, now());
    return account;
  });
}

/** @throws Refused `not-found`. */
export async function enableAccount({ db }: IdentityContext, id: string): Promise<Account> {
  return await setDisabled(db, id, null);
}

/** SQL condition: a password, or an identity elsewhere. */
export function hasWayIn(where: ExpressionBuilder<Schema, 'account'>) {
  return where.or([where('password_hash', 'is not', null), where('identity_count', '>', 0)]);
}

/** @throws Refused `conflict` when `change` meets an e-mail address that is taken. */
export async function refuseTakenEmail<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Refused('conflict', 'This e-mail address has an account already.', { cause: error });
  }
}

async function setDisabled(db: Kysely<Schema>, id: string, at: Date | null): Promise<Account> {
  const account = await db
    .updateTable('account')
    .set({ disabled_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (account === undefined) throw new Refused('not-found');
  return account;
}

/**
 * Counts the administrators besides this one who can sign in, and holds them: two administrators who
 * disable each other at the same time wait here, and the second is refused.
 */
async function lockOtherAdmins(transaction: Transaction<Schema>, id: string): Promise<number> {
  const admins = await transaction
    .selectFrom('account')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .where(hasWayIn)
    .orderBy('id')
    .forUpdate()
    .execute();
  return admins.filter((admin) => admin.id !== id).length;
}
