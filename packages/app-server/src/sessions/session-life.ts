// The life of a session: it begins at sign-in, with a new id, and is ended by its owner, by a newer
// one, by a changed password or by an administrator. Ending one kills the claims minted in it.
import { subjectOf } from '@claimcheck/shared/claim';
import { recordAudit, recordAudits, THE_SERVER, type Actor } from '../audit/record-audit.js';
import { markClaimsRevoked, type RevocationReach } from '../claims/revoke-claims.js';
import type { IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { revokeAround } from '../revoke-around.js';
import { hashOfId, newSessionId, type Session, type SignInMethod } from './session-store.js';

const MAX_USER_AGENT_CHARACTERS = 300;

/** Who ends a session, and why, for the audit trail. */
export interface EndedBy extends Actor {
  why: 'signed-out' | 'ended' | 'password-changed' | 'signed-in-anew' | 'too-many' | 'by-server';
}

const BY_SERVER: EndedBy = { ...THE_SERVER, why: 'by-server' };

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
  const by = { actorId: account.id, address: visitor.address };
  if (visitor.session) {
    const endedBy = { ...by, why: 'signed-in-anew' } as const;
    await endSessions(context, [visitor.session], { onlyUnburned: true }, endedBy);
  }
  const others = await sessions.list(account.id, nowMs);
  const tooMany = others.slice(0, Math.max(0, others.length + 1 - config.maxSessions));
  await endSessions(context, tooMany, { onlyUnburned: true }, { ...by, why: 'too-many' });

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
  const subject = `session:${session.reference}`;
  await recordAudit(db, { ...by, action: 'session.begun', subject, details: { method } }, nowMs);
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
  { why, ...by }: EndedBy = BY_SERVER,
): Promise<void> {
  if (ended.length === 0) return;
  const subjects = ended.map(({ reference }) => subjectOf.session(reference));
  await revokeAround(context, subjects, () => context.sessions.remove(ended), reach);
  for (const { reference } of ended) {
    await markClaimsRevoked(context.db, { session_reference: reference }, context.now(), reach);
  }
  const facts = ended.map(({ accountId, reference }) => {
    const about = { accountId, subject: `session:${reference}`, details: { why } };
    return { ...by, ...about, action: 'session.ended' } as const;
  });
  await recordAudits(context.db, facts, context.now());
}

/**
 * Ends one of the account's sessions by its public reference.
 * @throws Refused `not-found`, also for a session of somebody else.
 */
export async function endSession(
  context: IdentityContext,
  accountId: string,
  reference: string,
  by: Actor,
): Promise<void> {
  const own = await context.sessions.list(accountId, context.now());
  const session = own.find((one) => one.reference === reference);
  if (session === undefined) throw new Refused('not-found');
  await endSessions(context, [session], {}, { ...by, why: 'ended' });
}

/** Ends all of the account's sessions but this one. */
export async function endOtherSessions(
  context: IdentityContext,
  kept: Session,
  by: EndedBy,
): Promise<void> {
  const own = await context.sessions.list(kept.accountId, context.now());
  await endSessions(
    context,
    own.filter(({ idHash }) => idHash !== kept.idHash),
    {},
    by,
  );
}
