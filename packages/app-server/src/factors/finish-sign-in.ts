// The second half of a sign-in: a code or a passkey for the pending one, and then through the same door as
// every other sign-in, with what was proven first. Wrong codes are counted before they are looked at.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { DEVICE_COOKIE, readIdCookie } from '../sessions/session-cookie.js';
import { completeSignIn, type Proven, type SignInOutcome } from '../sign-in/complete-sign-in.js';
import { findKnownDevice } from '../sign-in/known-devices.js';
import type { PendingSignIn } from './factor-tables.js';
import type { FactorKind } from './read-factors.js';
import { isRecoveryCode } from './recovery-codes.js';
import { tellOfFactors } from './tell-of-factors.js';
import { useCode } from './use-code.js';
import { clearPendingCookie, endPendingSignIn, findPendingSignIn } from './pending-sign-in.js';
import { checkPasskey } from './check-passkey.js';

/** After this many wrong codes one begins anew with the first factor. */
export const WRONG_CODES = 5;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Signs in by a code for the pending sign-in.
 * @throws Refused `wrong-second-factor`; `sign-in-expired`, also after five wrong codes; `too-many-attempts`.
 */
export async function finishByCode(
  ctx: Context,
  context: IdentityContext,
  code: string,
): Promise<SignInOutcome> {
  const { db, now } = context;
  const admitted = await admitCode(ctx, context, code);
  const by = { actorId: null, address: ctx.ip };
  const judged = await db.transaction().execute(async (transaction) => {
    const { pending, account } = await findPendingSignIn(ctx, transaction, context);
    const used = await useCode(transaction, context, {
      account,
      code,
      by: { ...by, actorId: account.id },
    });
    if (used !== undefined) {
      await endPendingSignIn(transaction, pending.id_hash);
      return { pending, account, used };
    }
    const wrong = pending.wrong_codes + 1;
    await transaction
      .updateTable('pending_sign_in')
      .set({ wrong_codes: wrong })
      .where('id_hash', '=', pending.id_hash)
      .execute();
    if (wrong >= WRONG_CODES) {
      await endPendingSignIn(transaction, pending.id_hash);
      await tellOfFactors(transaction, context, {
        action: 'second-factor.refused',
        account,
        by,
        details: { wrongCodes: wrong },
        news: { kind: 'wrong-codes' },
        mailOnceAs: `wrong-second-factor:${account.id}:${Math.floor(now() / DAY_MS)}`,
      });
    }
    return { wrong, used: undefined };
  });
  if (judged.used === undefined) {
    // Thrown out here, where it takes back nothing of what was counted.
    if (judged.wrong < WRONG_CODES) throw new Refused('wrong-second-factor');
    throw new Refused('sign-in-expired', 'Too many wrong codes. Sign in from the beginning.');
  }
  await admitted?.succeed();
  return await goOn(ctx, context, judged, judged.used);
}

/** The same by a passkey of the account. @throws Refused `passkey-refused`, `sign-in-expired`. */
export async function finishByPasskey(
  ctx: Context,
  context: IdentityContext,
  response: unknown,
): Promise<SignInOutcome> {
  const { db } = context;
  const found = await findPendingSignIn(ctx, db, context);
  const { account, pending } = found;
  const by = { actorId: account.id, address: ctx.ip };
  await checkPasskey(context, {
    response,
    purpose: 'second-factor',
    boundTo: `pending:${pending.id_hash}`,
    accountId: account.id,
    by,
  });
  if (!(await endPendingSignIn(db, pending.id_hash))) throw new Refused('sign-in-expired');
  return await goOn(ctx, context, found, 'passkey');
}

/** Recovery codes cannot be guessed: trying to costs nobody their attempts. */
async function admitCode(ctx: Context, context: IdentityContext, code: string) {
  if (isRecoveryCode(code)) return undefined;
  const { account } = await findPendingSignIn(ctx, context.db, context);
  const deviceId = readIdCookie(ctx, DEVICE_COOKIE);
  const knownDevice = await findKnownDevice(context.db, account.email ?? '', deviceId);
  return await context.signInLimits.admitSecondFactor({ accountId: account.id, knownDevice });
}

async function goOn(
  ctx: Context,
  context: IdentityContext,
  { pending, account }: { pending: PendingSignIn; account: Account },
  secondFactor: FactorKind,
): Promise<SignInOutcome> {
  const proven = JSON.parse(pending.proven) as Omit<Proven, 'account'>;
  clearPendingCookie(ctx);
  return await completeSignIn(ctx, context, { ...proven, account, secondFactor });
}
