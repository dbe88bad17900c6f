// Giving an account another role. Roles are read at every request, so nothing else has to be told of it.
import type { Transaction } from 'kysely';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import type { Account, Role, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { lockOtherAdmins } from './lock-other-admins.js';

/**
 * Gives an account another role, which acts at its very next request. The same again is no fault.
 * @throws Refused `not-found`; `conflict` for one's own account, and when no administrator would be left.
 */
export async function changeRole(
  { db, now }: Pick<IdentityContext, 'db' | 'now'>,
  id: string,
  role: Role,
  by: Actor,
): Promise<Account> {
  if (id === by.actorId) {
    throw new Refused('conflict', 'You cannot change your own role; another administrator can.');
  }
  return await db.transaction().execute(async (transaction) => {
    // Held also where somebody is made one: of two changes at once the second sees the first.
    const others = await lockOtherAdmins(transaction, id);
    const before = await findForUpdate(transaction, id);
    if (before.role === role) return before;
    if (role !== 'admin' && others === 0) {
      throw new Refused('conflict', 'An administrator must be left.');
    }
    const after = await transaction
      .updateTable('account')
      .set({ role })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const details = { from: before.role, to: role };
    const fact = { ...by, accountId: id, action: 'account.role-changed', details } as const;
    await recordAudit(transaction, fact, now());
    return after;
  });
}

async function findForUpdate(transaction: Transaction<Schema>, id: string): Promise<Account> {
  const account = await transaction
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (account === undefined) throw new Refused('not-found');
  return account;
}
