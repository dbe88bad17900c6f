// The second half of a sign-in: a code or a passkey for the pending one, and then through the same door as
// every other sign-in, with what was proven first. Wrong codes are counted before they are looked at: of recovery
// codes, which take a slow hash, also against the sign-in that has begun.
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
import { presentCode, useCode } from './use-code.js';
import {
  clearPendingCookie,
  endPendingSignIn,
  findPendingSignIn,
  returnTry,
  takeTry,
  tooManyWrongCodes,
  WRONG_CODES,
} from './pending-sign-in.js';
import { checkPasskey } from './check-passkey.js';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Signs in by a code for the pending sign-in.
 * @throws Refused `wrong-second-factor`; `sign-in-expired`, also after five wrong codes; `too-many-attempts`;
 * `busy`, which costs no try.
 */
export async function finishByCode(
  ctx: Context,
  context: IdentityContext,
  code: string,
): Promise<SignInOutcome> {
  const { db, now } = context;
  const admitted = await admitCode(ctx, context, code);
  const { presented, taken } = await presentWithinTries(ctx, context, code);
  const by = { actorId: null, address: ctx.ip };
  const judged = await db.transaction().execute(async (transaction) => {
    const { pending, account } = await findPendingSignIn(ctx, transaction, context);
    if (taken === undefined && pending.wrong_codes >= WRONG_CODES) throw tooManyWrongCodes();
    const used = await useCode(transaction, context, {
      account,
      presented,
      by: { ...by, actorId: account.id },
    });
    if (used !== undefined) {
      await endPendingSignIn(transaction, pending.id_hash);
      return { pending, account, used };
    }
    const wrong = taken ?? (await takeTry(transaction, pending));
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
    throw tooManyWrongCodes();
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

/** Recovery codes cannot be guessed: trying to costs whoever does it their attempts, and not the owner. */
async function admitCode(
  ctx: Context,
  { db, signInLimits, ...context }: IdentityContext,
  code: string,
) {
  const { account } = await findPendingSignIn(ctx, db, context);
  const deviceId = readIdCookie(ctx, DEVICE_COOKIE);
  const knownDevice = await findKnownDevice(db, account.email ?? '', deviceId);
  const attempt = { accountId: account.id, knownDevice };
  return isRecoveryCode(code)
    ? await signInLimits.admitRecoveryCode({ ...attempt, address: ctx.ip })
    : await signInLimits.admitSecondFactor(attempt);
}

/**
 * Makes the code ready. A recovery code has its try taken before it is hashed, so that of any number at once no
 * more than five are, for one sign-in; `taken` is which try of it this is.
 */
async function presentWithinTries(ctx: Context, context: IdentityContext, code: string) {
  const { db } = context;
  const { pending, account } = await findPendingSignIn(ctx, db, context);
  if (!isRecoveryCode(code)) {
    return { presented: await presentCode(context, account.id, code), taken: undefined };
  }
  const taken = await takeTry(db, pending);
  try {
    return { presented: await presentCode(context, account.id, code), taken };
  } catch (error) {
    await returnTry(db, pending);
    throw error;
  }
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
