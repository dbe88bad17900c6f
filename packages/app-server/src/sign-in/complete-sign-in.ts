// The one door into a session: whichever way somebody proved who they are, they come through here, so that
// what follows a proof (session, cookies, the device's own attempts) is the same for all ways.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { sessionOf } from '../sessions/load-session.js';
import {
  DEVICE_COOKIE,
  readIdCookie,
  setDeviceCookie,
  setSessionCookie,
} from '../sessions/session-cookie.js';
import { beginSession, type SignInProof, type Visitor } from '../sessions/session-life.js';
import { rememberDevice } from './known-devices.js';

/** Somebody whose proof has been checked. */
export interface Proven extends SignInProof {
  account: Account;
}

/**
 * Begins the session and sets its cookies.
 * @throws Refused as `beginSession` does: the account may have been disabled since it was read.
 */
export async function completeSignIn(
  ctx: Context,
  context: IdentityContext,
  { account, ...proof }: Proven,
): Promise<void> {
  const { db, now } = context;
  const sessionId = await beginSession(context, account, visitorOf(ctx), proof);
  const presented = readIdCookie(ctx, DEVICE_COOKIE);
  const deviceId = await rememberDevice(db, account, presented, now());
  setSessionCookie(ctx, sessionId);
  setDeviceCookie(ctx, deviceId);
}

/** The browser that is asking. */
export function visitorOf(ctx: Context): Visitor {
  return { userAgent: ctx.get('User-Agent'), address: ctx.ip, session: sessionOf(ctx) };
}
