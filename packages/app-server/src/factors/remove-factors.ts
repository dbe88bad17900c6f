// Taking second factors away: one's own authenticator app, and, by an administrator, all that an account has
// when its owner has lost them. Sessions that are open stay: whoever is in has proven more.
import type { Transaction } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { hasSecondFactor, readFactors } from './read-factors.js';
import { drawRecoveryCodes, keepRecoveryCodes } from './recovery-codes.js';
import { lockAccount, tellOfFactors, type Actor } from './tell-of-factors.js';

type Deps = Pick<IdentityContext, 'config' | 'db' | 'now'>;

/** @throws Refused `not-found` when there is none. */
export async function removeTotp(context: Deps, account: Account, by: Actor): Promise<void> {
  await context.db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, account.id);
    const gone = await transaction
      .deleteFrom('totp_factor')
      .where('account_id', '=', account.id)
      .where('confirmed_at', 'is not', null)
      .returning('account_id')
      .executeTakeFirst();
    if (gone === undefined) throw new Refused('not-found');
    await forgetCodesWithoutFactor(transaction, account.id);
    await tellOfFactors(transaction, context, {
      action: 'totp.removed',
      account,
      by,
      news: { kind: 'totp-removed' },
    });
  });
}

/**
 * New recovery codes; the older ones end.
 * @throws Refused `conflict` when there is nothing they could stand in for; `busy`.
 */
export async function renewRecoveryCodes(
  context: Deps & Pick<IdentityContext, 'linkDigest' | 'passwords'>,
  account: Account,
  by: Actor,
): Promise<string[]> {
  const { db, now } = context;
  await refuseWithoutFactor(db, account);
  const drawn = await drawRecoveryCodes(context, account.id);
  return await db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, account.id);
    await refuseWithoutFactor(transaction, account);
    await keepRecoveryCodes(transaction, account.id, drawn, now());
    await tellOfFactors(transaction, context, {
      action: 'recovery-codes.made',
      account,
      by,
      news: { kind: 'codes-made' },
    });
    return drawn.codes;
  });
}

async function refuseWithoutFactor(
  db: Parameters<typeof readFactors>[0],
  { id }: Account,
): Promise<void> {
  if (hasSecondFactor(await readFactors(db, id))) return;
  throw new Refused('conflict', 'Add an authenticator app or a passkey first.');
}

/**
 * Takes all second factors from an account, by an administrator.
 * @throws Refused `not-found` when there is no such account, or it has none.
 */
export async function takeFactorsAway(context: Deps, accountId: string, by: Actor): Promise<void> {
  await context.db.transaction().execute(async (transaction) => {
    const account = await lockAccount(transaction, accountId);
    const factors = await readFactors(transaction, accountId);
    if (account === undefined || !hasSecondFactor(factors)) throw new Refused('not-found');
    await transaction.deleteFrom('totp_factor').where('account_id', '=', accountId).execute();
    await transaction.deleteFrom('passkey').where('account_id', '=', accountId).execute();
    await transaction.deleteFrom('recovery_code').where('account_id', '=', accountId).execute();
    await transaction.deleteFrom('pending_sign_in').where('account_id', '=', accountId).execute();
    await tellOfFactors(transaction, context, {
      action: 'second-factor.removed',
      account,
      by,
      details: { totp: factors.totpSince !== undefined, passkeys: factors.passkeys },
      news: { kind: 'taken-away' },
    });
  });
}

/** Recovery codes stand in for another factor: when the last one is gone, so are they. */
export async function forgetCodesWithoutFactor(
  transaction: Transaction<Schema>,
  accountId: string,
): Promise<void> {
  if (hasSecondFactor(await readFactors(transaction, accountId))) return;
  await transaction.deleteFrom('recovery_code').where('account_id', '=', accountId).execute();
}
