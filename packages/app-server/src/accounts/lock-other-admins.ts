// An administrator must always be left. Whatever takes one away, by disabling or by another role, counts the
// others here first, with all of them held.
import type { Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import { hasWayIn } from './has-way-in.js';

/**
 * Counts the administrators besides this one who can sign in, and holds them: two administrators who
 * disable each other at the same time wait here, and the second is refused.
 */
export async function lockOtherAdmins(
  transaction: Transaction<Schema>,
  id: string,
): Promise<number> {
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
