// Accounts: adding, listing, disabling. What an account may do is read from here at every request.
import { subjectOf } from '@claimcheck/shared/claim';
import type { Kysely } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import { markClaimsRevoked } from '../claims/revoke-claims.js';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account, Role, Schema } from '../database/schema.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';
import { Refused } from '../http/problems.js';
import { forgetBrowsers } from '../sessions/remembered-browsers.js';
import { revokeAround } from '../revoke-around.js';
import { lockOtherAdmins } from './lock-other-admins.js';
import { refuseOwnWords } from './own-words.js';

export interface NewAccount {
  /** Normalised. */
  email: string;
  /** Checked against the rules. */
  password: string;
  role: Role;
}

/** One page of the accounts, newest first: all, or those whose e-mail address contains `search`. */
export async function listAccounts(
  db: Kysely<Schema>,
  { search, ...request }: PageRequest & { search?: string | undefined },
): Promise<PageOf<Account>> {
  let accounts = db.selectFrom('account').selectAll();
  if (search !== undefined) {
    // Addresses are stored so; the escapes make the pattern's own characters ordinary ones.
    const plain = search.normalize('NFC').toLowerCase().normalize('NFC');
    const pattern = `%${plain.replaceAll(/[\\%_]/g, '\\$&')}%`;
    accounts = accounts.where('email', 'like', pattern);
  }
  return await readPage(accounts, request);
}

/** @throws Refused `not-found`. */
export async function findAccount(db: Kysely<Schema>, id: string): Promise<Account> {
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (account === undefined) throw new Refused('not-found');
  return account;
}

/** @throws Refused `conflict` when the e-mail address has an account already; `invalid-input` for its password. */
export async function addAccount(
  { config, db, passwords, now }: Pick<IdentityContext, 'config' | 'db' | 'passwords' | 'now'>,
  { email, password, role }: NewAccount,
  by: Actor,
): Promise<Account> {
  refuseOwnWords('password', password, { appOrigin: config.appOrigin, email });
  const passwordHash = await passwords.hash(password);
  return await refuseTakenEmail(() =>
    db.transaction().execute(async (transaction) => {
      const account = await transaction
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
        .executeTakeFirstOrThrow();
      const about = { accountId: account.id, details: { role } };
      await recordAudit(transaction, { ...by, ...about, action: 'account.added' }, now());
      return account;
    }),
  );
}

/**
 * Disables an account: its claims die, its sessions end, and it cannot sign in. Again is no fault and
 * does all of it again, for one that was interrupted.
 * @throws Refused `not-found`; `conflict` when no administrator would be left.
 */
export async function disableAccount(
  context: IdentityContext,
  id: string,
  by: Actor,
): Promise<Account> {
  const { db, sessions, now } = context;
  return await revokeAround(context, [subjectOf.account(id)], async () => {
    const open = await sessions.list(id, now());
    const account = await db.transaction().execute(async (transaction) => {
      const others = await lockOtherAdmins(transaction, id);
      if (others === 0) throw new Refused('conflict', 'An administrator must be left.');
      await forgetBrowsers(transaction, { account: id });
      const disabled = await setDisabled(transaction, id, new Date(now()));
      const details = { sessionsEnded: open.length };
      const fact = { ...by, accountId: id, action: 'account.disabled', details } as const;
      await recordAudit(transaction, fact, now());
      return disabled;
    });
    await sessions.remove(await sessions.list(id, now()));
    await markClaimsRevoked(db, { account_id: id }, now());
    return account;
  });
}

/** @throws Refused `not-found`. */
export async function enableAccount(
  { db, now }: Pick<IdentityContext, 'db' | 'now'>,
  id: string,
  by: Actor,
): Promise<Account> {
  return await db.transaction().execute(async (transaction) => {
    const enabled = await setDisabled(transaction, id, null);
    await recordAudit(transaction, { ...by, accountId: id, action: 'account.enabled' }, now());
    return enabled;
  });
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
