// The one door into a session: whichever way somebody proved who they are, they come through here, so that
// what follows a proof (the second factor, session, cookies, the device's own attempts) is the same for all ways.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { beginPendingSignIn } from '../factors/pending-sign-in.js';
import { hasSecondFactor, kindsOf, readFactors, type FactorKind } from '../factors/read-factors.js';
import { isSecondFactorAskedAfter } from '../factors/when-asked.js';
import { sessionOf } from '../sessions/load-session.js';
import {
  DEVICE_COOKIE,
  readIdCookie,
  setDeviceCookie,
  setSessionCookie,
} from '../sessions/session-cookie.js';
import { beginSession, type Visitor } from '../sessions/session-life.js';
import type { SignInMethod } from '../sessions/session-store.js';
import { rememberDevice } from './known-devices.js';

/** Somebody whose proof has been checked. All but the account outlives the wait for a second factor as JSON. */
export interface Proven {
  account: Account;
  method: SignInMethod;
  /** The second factor that was checked too. */
  secondFactor?: FactorKind;
}

export type SignInOutcome =
  | { state: 'signed-in' }
  /** There is no session: only a cookie with which the second factor can be given until then. */
  | { state: 'second-factor-needed'; factors: FactorKind[]; expiresAt: Date };

/**
 * Begins the session and sets its cookies; or, where the account has a second factor that was not given yet,
 * begins to wait for it.
 * @throws Refused as `beginSession` does: the account may have been disabled since it was read.
 */
export async function completeSignIn(
  ctx: Context,
  context: IdentityContext,
  proven: Proven,
): Promise<SignInOutcome> {
  const { account, method, secondFactor } = proven;
  const { db, now } = context;
  if (secondFactor === undefined && isSecondFactorAskedAfter(method)) {
    const factors = await readFactors(db, account.id);
    if (hasSecondFactor(factors)) {
      const { account: _, ...rest } = proven;
      const expiresAt = await beginPendingSignIn(ctx, context, account, rest);
      return { state: 'second-factor-needed', factors: kindsOf(factors), expiresAt };
    }
  }
  const sessionId = await beginSession(context, account, visitorOf(ctx), method);
  const presented = readIdCookie(ctx, DEVICE_COOKIE);
  const deviceId = await rememberDevice(db, account, presented, now());
  setSessionCookie(ctx, sessionId);
  setDeviceCookie(ctx, deviceId);
  return { state: 'signed-in' };
}

/** The browser that is asking. */
export function visitorOf(ctx: Context): Visitor {
  return { userAgent: ctx.get('User-Agent'), address: ctx.ip, session: sessionOf(ctx) };
}
