// Checking what somebody typed as their second factor: the code of an authenticator app, or a recovery code.
// Each counts once, decided by one conditional update: of two requests with the same code, one wins.
import type { Transaction } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Account, Schema } from '../database/schema.js';
import { readFactors } from './read-factors.js';
import { deriveRecoveryCode, isRecoveryCode, useRecoveryCode } from './recovery-codes.js';
import { createSecretSeal } from './seal-secret.js';
import { tellOfFactors, type Actor } from './tell-of-factors.js';
import { matchTotp } from './totp.js';

type Deps = Pick<IdentityContext, 'config' | 'db' | 'linkDigest' | 'now' | 'passwords'>;

export type UsedCode = 'totp' | 'recovery-code';

/** A code as it was typed, made ready to be compared with those that are kept. */
export type PresentedCode =
  { kind: 'totp'; code: string } | { kind: 'recovery-code'; derived: Buffer | undefined };

/**
 * Makes a code ready; of a recovery code it takes a slow hash, so the attempt must have been counted before.
 * @throws Refused `busy`.
 */
export async function presentCode(
  context: Deps,
  accountId: string,
  code: string,
): Promise<PresentedCode> {
  if (!isRecoveryCode(code)) return { kind: 'totp', code };
  return { kind: 'recovery-code', derived: await deriveRecoveryCode(context, accountId, code) };
}

/**
 * Uses a code up, within a transaction of the caller's; undefined when it counts for nothing. The owner is
 * told of a recovery code.
 */
export async function useCode(
  transaction: Transaction<Schema>,
  context: Deps,
  {
    account,
    presented,
    by,
  }: { account: Pick<Account, 'id' | 'email'>; presented: PresentedCode; by: Actor },
): Promise<UsedCode | undefined> {
  const accountId = account.id;
  if (presented.kind === 'totp') {
    return (await useTotp(transaction, context, accountId, presented.code)) ? 'totp' : undefined;
  }
  const use = { accountId, derived: presented.derived, nowMs: context.now() };
  if (!(await useRecoveryCode(transaction, use))) return undefined;
  const { recoveryCodesLeft: left } = await readFactors(transaction, accountId);
  await tellOfFactors(transaction, context, {
    action: 'recovery-code.used',
    account,
    by,
    details: { left },
    news: { kind: 'code-used', left },
  });
  return 'recovery-code';
}

/** RFC 6238 section 5.2: a second attempt with a code that was accepted must not be accepted. */
async function useTotp(
  transaction: Transaction<Schema>,
  { linkDigest, now }: Pick<Deps, 'linkDigest' | 'now'>,
  accountId: string,
  code: string,
): Promise<boolean> {
  const row = await transaction
    .selectFrom('totp_factor')
    .select('secret')
    .where('account_id', '=', accountId)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  if (!row?.secret) return false;
  const secret = createSecretSeal(linkDigest).open(row.secret, accountId);
  const step = matchTotp(secret, code.replace(/\s/g, ''), now());
  if (step === undefined) return false;
  const { numUpdatedRows } = await transaction
    .updateTable('totp_factor')
    .set({ last_step: step })
    .where('account_id', '=', accountId)
    .where('secret', '=', row.secret)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
