// Which accounts somebody can sign in to at all. A condition for queries; whether an account is disabled
// is asked beside it.
import type { ExpressionBuilder } from 'kysely';
import type { Schema } from '../database/schema.js';

/** SQL condition: a password, or an identity elsewhere. */
export function hasWayIn(where: ExpressionBuilder<Schema, 'account'>) {
  return where.or([where('password_hash', 'is not', null), where('identity_count', '>', 0)]);
}
