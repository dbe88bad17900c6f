// The one door into a session: whichever way somebody proved who they are, they come through here, so that
// what follows a proof (the second factor, session, cookies, the device's own attempts) is the same for all ways.
import type { Context } from 'koa';
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { beginPendingSignIn } from '../factors/pending-sign-in.js';
import { hasSecondFactor, kindsOf, readFactors, type FactorKind } from '../factors/read-factors.js';
import { isSecondFactorAskedAfter } from '../factors/when-asked.js';
import { Refused } from '../http/problems.js';
import { enter, sessionOf } from '../sessions/load-session.js';
import { clearRememberCookie, setRememberCookie } from '../sessions/remember-cookie.js';
import { forgetBrowsers, rememberBrowser } from '../sessions/remembered-browsers.js';
import {
  DEVICE_COOKIE,
  readIdCookie,
  setDeviceCookie,
  setSessionCookie,
} from '../sessions/session-cookie.js';
import { beginSession, shortUserAgent, type Visitor } from '../sessions/session-life.js';
import { hashOfId, type SignInMethod } from '../sessions/session-store.js';
import { forgetThisBrowser } from './forget-this-browser.js';
import { rememberDevice } from './known-devices.js';
import { refuseMailed } from './mailed-links-off.js';
import { waitForRoom } from './waiting-sign-in.js';

/** Somebody whose proof has been checked. All but the account outlives the wait for a second factor as JSON. */
export interface Proven {
  account: Account;
  method: SignInMethod;
  /** The person wants this browser to stay signed in. To be carried through any step before the session. */
  remember?: boolean | undefined;
  /** The remembered browser that has come back; with `method: 'remembered'` only. */
  rememberedId?: string | undefined;
  /** When they proved it elsewhere, if that was not just now, Unix milliseconds. */
  provenAtMs?: number | undefined;
  /** The second factor that was checked too. */
  secondFactor?: FactorKind | undefined;
}

export type SignInOutcome =
  | { state: 'signed-in' }
  /** There is no session: only a cookie with which the second factor can be given until then. */
  | { state: 'second-factor-needed'; factors: FactorKind[]; expiresAt: Date };

/**
 * Begins the session, sets its cookies, and makes the request one of the person's; or, where the account has a
 * second factor that was not given yet, begins to wait for it.
 * @throws Refused as `beginSession` does: the account may have been disabled since it was read, or have no room;
 * `mailed-links-off` for what a mailed link began before they were turned off.
 */
export async function completeSignIn(
  ctx: Context,
  context: IdentityContext,
  proven: Proven,
): Promise<SignInOutcome> {
  const { db, now } = context;
  const { account, method, provenAtMs, secondFactor } = proven;
  const requestedAtMs = now();
  if (method === 'mailed-link') refuseMailed(context.config, 'sign-in');
  if (secondFactor === undefined && isSecondFactorAskedAfter(method)) {
    const factors = await readFactors(db, account.id);
    if (hasSecondFactor(factors)) {
      const { account: _, ...rest } = proven;
      const expiresAt = await beginPendingSignIn(ctx, context, account, rest);
      return { state: 'second-factor-needed', factors: kindsOf(factors), expiresAt };
    }
  }
  const visitor = visitorOf(ctx);
  const presented = readIdCookie(ctx, DEVICE_COOKIE);
  const deviceId = await rememberDevice(db, account, presented, now());
  if (proven.rememberedId === undefined) await forgetThisBrowser(ctx, context);
  const remembered = proven.remember
    ? await beginToRemember(context, proven, visitor, hashOfId(deviceId))
    : undefined;
  const rememberedId = remembered?.id ?? proven.rememberedId ?? null;
  try {
    const begun = await beginSession(
      context,
      { account, method, rememberedId, provenAtMs },
      visitor,
    );
    setSessionCookie(ctx, begun.id);
    setDeviceCookie(ctx, deviceId);
    if (remembered) {
      setRememberCookie(ctx, remembered.token, context.config.rememberSeconds * 1000);
    } else if (proven.rememberedId === undefined) clearRememberCookie(ctx);
    enter(ctx, context, { account, session: begun.session, requestedAtMs });
    await recordBegun(context, begun.session.reference, proven, visitor);
    return { state: 'signed-in' };
  } catch (error) {
    if (remembered) await forgetBrowsers(db, { account: account.id, id: remembered.id });
    if (error instanceof Refused && error.code === 'too-many-sessions') {
      await waitForRoom(ctx, context, proven);
    }
    throw error;
  }
}

/** The browser that is asking. */
export function visitorOf(ctx: Context): Visitor {
  return { userAgent: ctx.get('User-Agent'), address: ctx.ip, session: sessionOf(ctx) };
}

async function beginToRemember(
  { db, config, now }: IdentityContext,
  { account, method }: Proven,
  visitor: Visitor,
  deviceHash: string,
) {
  const { address } = visitor;
  const browser = { account, method, deviceHash, userAgent: shortUserAgent(visitor), address };
  const life = { nowMs: now(), lifeMs: config.rememberSeconds * 1000 };
  const remembered = await rememberBrowser(db, browser, life);
  if (remembered === undefined) throw new Refused('wrong-credentials');
  return remembered;
}

async function recordBegun(
  { db, now }: IdentityContext,
  reference: string,
  { account, method, remember = false }: Proven,
  { address }: Visitor,
): Promise<void> {
  const [actorId, accountId] = [account.id, account.id];
  const subject = `session:${reference}`;
  const details = { method, remember };
  const fact = { action: 'session.begun', actorId, accountId, subject, address, details } as const;
  await recordAudit(db, fact, now());
}
