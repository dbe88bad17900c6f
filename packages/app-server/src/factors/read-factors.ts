// Which second factors an account has: asked at sign-in, on its own page and in the list of accounts.
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';

/** `recovery-code` stands in for the others and is no factor by itself. */
export type FactorKind = 'totp' | 'passkey' | 'recovery-code';

export interface Factors {
  totpSince: Date | undefined;
  passkeys: number;
  recoveryCodesLeft: number;
}

type Db = Kysely<Schema> | Transaction<Schema>;

export async function readFactors(db: Db, accountId: string): Promise<Factors> {
  const found = await db
    .selectNoFrom((one) => [
      one
        .selectFrom('totp_factor')
        .select('confirmed_at')
        .where('account_id', '=', accountId)
        .as('totp_since'),
      one
        .selectFrom('passkey')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('account_id', '=', accountId)
        .as('passkeys'),
      one
        .selectFrom('recovery_code')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('account_id', '=', accountId)
        .where('used_at', 'is', null)
        .as('codes'),
    ])
    .executeTakeFirstOrThrow();
  return {
    totpSince: found.totp_since ?? undefined,
    passkeys: Number(found.passkeys),
    recoveryCodesLeft: Number(found.codes),
  };
}

/** An authenticator app or a passkey: then neither password nor mailbox is enough alone. */
export function hasSecondFactor({ totpSince, passkeys }: Factors): boolean {
  return totpSince !== undefined || passkeys > 0;
}

/** What can be asked for after a first factor. */
export function kindsOf({ totpSince, passkeys, recoveryCodesLeft }: Factors): FactorKind[] {
  const kinds: FactorKind[] = [];
  if (passkeys > 0) kinds.push('passkey');
  if (totpSince !== undefined) kinds.push('totp');
  if (recoveryCodesLeft > 0) kinds.push('recovery-code');
  return kinds;
}

/** Those of these accounts that have a second factor. */
export async function readWhoHasFactors(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('totp_factor')
    .select('account_id')
    .where('confirmed_at', 'is not', null)
    .where('account_id', 'in', ids)
    .union(db.selectFrom('passkey').select('account_id').where('account_id', 'in', ids))
    .execute();
  return new Set(rows.map(({ account_id }) => account_id));
}
