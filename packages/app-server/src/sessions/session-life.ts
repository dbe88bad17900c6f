// The life of a session: it begins at sign-in, with a new id, and is ended by its owner, by a newer
// one, by a changed password or by an administrator. Ending one kills the claims minted in it.
import { subjectOf } from '@claimcheck/shared/claim';
import { markClaimsRevoked, type RevocationReach } from '../claims/revoke-claims.js';
import type { IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { revokeAround } from '../revoke-around.js';
import { hashOfId, newSessionId, type Session, type SignInMethod } from './session-store.js';

const MAX_USER_AGENT_CHARACTERS = 300;

/** The browser that signs in. */
export interface Visitor {
  userAgent: string;
  address: string;
  /** The session it brought, if any: it is ended, so that no id survives a sign-in. */
  session: Session | undefined;
}

/**
 * Begins a session for an account whose credentials have been checked, and returns its id.
 * @throws Refused `wrong-credentials` when the account was disabled, or its password changed, since
 * it was read: the sessions it had have just been ended, and this one must not outlive them.
 */
export async function beginSession(
  context: IdentityContext,
  account: Account,
  visitor: Visitor,
  method: SignInMethod,
): Promise<string> {
  const { config, db, sessions, now } = context;
  const nowMs = now();
  if (visitor.session) await endSessions(context, [visitor.session], { onlyUnburned: true });
  const others = await sessions.list(account.id, nowMs);
  const tooMany = others.slice(0, Math.max(0, others.length + 1 - config.maxSessions));
  await endSessions(context, tooMany, { onlyUnburned: true });

  const id = newSessionId();
  const session: Session = {
    idHash: hashOfId(id),
    reference: newId(),
    accountId: account.id,
    userAgent: visitor.userAgent.slice(0, MAX_USER_AGENT_CHARACTERS),
    address: visitor.address,
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    method,
    provenAtMs: nowMs,
  };
  await sessions.add(session);
  const current = await db
    .selectFrom('account')
    .select(['password_hash', 'disabled_at'])
    .where('id', '=', account.id)
    .executeTakeFirst();
  if (current?.disabled_at !== null || current.password_hash !== account.password_hash) {
    await sessions.remove([session]);
    throw new Refused('wrong-credentials');
  }
  return id;
}

/**
 * Ends sessions and kills the claims minted in them, with downloads that are under way. Who signs out or
 * signs in anew wants only the unused ones dead (`onlyUnburned`): a download goes on.
 * @throws LedgerUnavailableError, and then none has been ended.
 */
export async function endSessions(
  context: IdentityContext,
  ended: readonly Session[],
  reach: RevocationReach = {},
): Promise<void> {
  if (ended.length === 0) return;
  const subjects = ended.map(({ reference }) => subjectOf.session(reference));
  await revokeAround(context, subjects, () => context.sessions.remove(ended), reach);
  for (const { reference } of ended) {
    await markClaimsRevoked(context.db, { session_reference: reference }, context.now(), reach);
  }
}

/**
 * Ends one of the account's sessions by its public reference.
 * @throws Refused `not-found`, also for a session of somebody else.
 */
export async function endSession(
  context: IdentityContext,
  accountId: string,
  reference: string,
): Promise<void> {
  const own = await context.sessions.list(accountId, context.now());
  const session = own.find((one) => one.reference === reference);
  if (session === undefined) throw new Refused('not-found');
  await endSessions(context, [session]);
}

/** Ends all of the account's sessions but this one. */
export async function endOtherSessions(context: IdentityContext, kept: Session): Promise<void> {
  const own = await context.sessions.list(kept.accountId, context.now());
  await endSessions(
    context,
    own.filter(({ reference }) => reference !== kept.reference),
  );
}

/**
 * Ends every session of an account, downloads under way included.
 * @throws Refused `not-found` when there is no such account; LedgerUnavailableError, and then none was ended.
 */
export async function endAllSessions(context: IdentityContext, accountId: string): Promise<void> {
  const { db, sessions, now } = context;
  const account = await db
    .selectFrom('account')
    .select('id')
    .where('id', '=', accountId)
    .executeTakeFirst();
  if (account === undefined) throw new Refused('not-found');
  await endSessions(context, await sessions.list(accountId, now()));
}
