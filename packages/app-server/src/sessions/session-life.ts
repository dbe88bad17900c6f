// How a session begins: with a new id, in the place of the one that the browser had, and within the room that an
// account has. How it ends is in `end-sessions.ts`.
import type { IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { endWithBrowser, markInLedger, settleEnded } from './end-sessions.js';
import { noteSessionOf } from './remembered-browsers.js';
import {
  givesPlace,
  hashOfId,
  newSessionId,
  type Room,
  type Session,
  type SignInMethod,
} from './session-store.js';

const MAX_USER_AGENT_CHARACTERS = 300;

/** The browser that signs in. */
export interface Visitor {
  userAgent: string;
  address: string;
  /** The session it brought, if any: it is ended, so that no id survives a sign-in. */
  session: Session | undefined;
}

export interface Beginning {
  account: Account;
  method: SignInMethod;
  /** The remembered browser that it belongs to, if it is one. */
  rememberedId: string | null;
  /** When they proved who they are, if that was not just now, Unix milliseconds. */
  provenAtMs?: number | undefined;
}

/**
 * Begins a session for an account whose credentials have been checked.
 * @returns its id, for the cookie alone, and the session.
 * @throws Refused `wrong-credentials` when the account was disabled, a way into it changed, or the browser was
 * forgotten since that was read: the sessions it had have just been ended, and this one must not outlive
 * them; `too-many-sessions` where that is the rule.
 */
export async function beginSession(
  context: IdentityContext,
  { account, method, rememberedId, provenAtMs }: Beginning,
  visitor: Visitor,
): Promise<{ id: string; session: Session }> {
  const { config, sessions, now } = context;
  const nowMs = now();
  const id = newSessionId();
  const session: Session = {
    idHash: hashOfId(id),
    reference: newId(),
    accountId: account.id,
    userAgent: shortUserAgent(visitor),
    address: visitor.address,
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    method,
    provenAtMs: method === 'remembered' ? 0 : (provenAtMs ?? nowMs),
    rememberedId,
  };
  const room: Room = {
    most: config.maxSessions,
    whenFull: config.sessionLimitAction,
    inPlaceOf: visitor.session?.reference,
  };
  await addInRoom(context, session, room);
  const by = { actorId: account.id, address: visitor.address, onlyUnburned: true };
  if (visitor.session && visitor.session.accountId !== account.id) {
    await endWithBrowser(context, visitor.session, { ...by, reason: 'replaced' });
  }
  if (!(await isStillGood(context, account, session))) {
    await sessions.remove([session]);
    throw new Refused('wrong-credentials');
  }
  return { id, session };
}

export function shortUserAgent({ userAgent }: Visitor): string {
  return userAgent.slice(0, MAX_USER_AGENT_CHARACTERS);
}

/** Those that are likely to end are marked first: while the ledger is away nobody is signed out by half. */
async function addInRoom(context: IdentityContext, session: Session, room: Room): Promise<void> {
  const { sessions, now } = context;
  const own = await sessions.list(session.accountId, now());
  const others = own.filter((one) => !givesPlace(one, session, room));
  const tooMany = Math.max(0, others.length + 1 - room.most);
  if (tooMany > 0 && room.whenFull === 'refuse') throw new Refused('too-many-sessions');
  const leaving = own.filter((one) => givesPlace(one, session, room));
  await markInLedger(context, [...leaving, ...others.slice(0, tooMany)], { onlyUnburned: true });
  const { added, ended } = await sessions.add(session, room);
  if (!added) throw new Refused('too-many-sessions');
  const by = { actorId: session.accountId, address: session.address, onlyUnburned: true };
  try {
    for (const one of ended) {
      const reason = givesPlace(one, session, room) ? 'replaced' : 'no-room';
      await settleEnded(context, [one], { ...by, reason });
    }
  } catch (error) {
    // Its id will reach no browser.
    await sessions.remove([session]);
    throw error;
  }
}

/** Asked when the session is in the store: who ends all sessions now will find it there. */
async function isStillGood(
  { db }: IdentityContext,
  account: Account,
  { rememberedId, reference }: Session,
): Promise<boolean> {
  const current = await db
    .selectFrom('account')
    .select(['password_hash', 'identity_count', 'disabled_at'])
    .where('id', '=', account.id)
    .executeTakeFirst();
  if (
    current?.disabled_at !== null ||
    current.password_hash !== account.password_hash ||
    current.identity_count !== account.identity_count
  ) {
    return false;
  }
  return rememberedId === null || (await noteSessionOf(db, rememberedId, reference));
}
