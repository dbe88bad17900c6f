// Ending sessions: by their owner, by an administrator, by a changed password, for a stolen secret. Whatever the
// reason, the claims minted in them die, the browsers that they belong to are forgotten with them, and
// nothing that was under way at that moment outlives it.
import { subjectOf } from '@claimcheck/shared/claim';
import { recordAudit } from '../audit/record-audit.js';
import {
  markClaimsRevoked,
  revokeInLedger,
  type RevocationReach,
} from '../claims/revoke-claims.js';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { forgetBrowsers, type BrowsersOf } from './remembered-browsers.js';
import type { Session } from './session-store.js';

/** Who ends sessions, and why: for the audit trail. */
export interface EndedBy {
  /** An account; null for the server itself. */
  actorId: string | null;
  address: string | null;
  reason:
    | 'signed-out'
    | 'ended'
    | 'ended-others'
    | 'ended-by-admin'
    | 'replaced'
    | 'no-room'
    | 'password-changed'
    | 'identity-disconnected'
    | 'account-disabled'
    | 'secret-stolen';
}

interface Ending extends EndedBy, RevocationReach {
  accountId: string;
  chosen: (session: Session) => boolean;
  /** The browsers to forget with them. */
  forget?: Omit<BrowsersOf, 'account'>;
}

/**
 * Ends those of an account's sessions that are chosen, and kills their claims. The ledger is marked first: while
 * it is away nothing is changed. Then browsers are forgotten, and only then is looked again which sessions
 * there are: one that is just being begun by such a browser is either among them, or finds itself forgotten.
 * @returns how many were ended.
 * @throws LedgerUnavailableError.
 */
export async function endChosen(context: IdentityContext, ending: Ending): Promise<number> {
  const { db, sessions, now } = context;
  const { accountId, chosen, forget, onlyUnburned = false } = ending;
  const find = async () => (await sessions.list(accountId, now())).filter(chosen);
  const before = await find();
  await markInLedger(context, before, { onlyUnburned });
  if (forget) await forgetBrowsers(db, { account: accountId, ...forget });
  const ended = forget ? await find() : before;
  await sessions.remove(ended);
  await settleEnded(context, ended, ending);
  return ended.length;
}

/** Marks the sessions' claims as revoked in the ledger: before they end, so that a dead ledger stops it. */
export async function markInLedger(
  { ledger, now }: IdentityContext,
  sessions: readonly Session[],
  reach: RevocationReach,
): Promise<void> {
  await Promise.all(
    sessions.map(({ reference }) =>
      revokeInLedger(ledger, subjectOf.session(reference), now(), reach),
    ),
  );
}

/** What follows when sessions have just been removed: what was minted in them meanwhile dies too. */
export async function settleEnded(
  context: IdentityContext,
  ended: readonly Session[],
  { actorId, address, reason, onlyUnburned = false }: EndedBy & RevocationReach,
): Promise<void> {
  const { db, now } = context;
  await markInLedger(context, ended, { onlyUnburned });
  for (const { reference, accountId } of ended) {
    await markClaimsRevoked(db, { session_reference: reference }, now(), { onlyUnburned });
    const subject = `session:${reference}`;
    const fact = { action: 'session.ended', actorId, accountId, subject, address } as const;
    await recordAudit(db, { ...fact, details: { reason } }, now());
  }
}

/**
 * Ends one of the account's sessions by its public reference, with the browser that it belongs to.
 * @throws Refused `not-found`, also for a session of somebody else.
 */
export async function endSession(
  context: IdentityContext,
  accountId: string,
  reference: string,
  by: EndedBy,
): Promise<void> {
  const own = await context.sessions.list(accountId, context.now());
  const session = own.find((one) => one.reference === reference);
  if (session === undefined) throw new Refused('not-found');
  await endWithBrowser(context, session, by);
}

/** Ends a session, and forgets the browser that it belongs to with all sessions begun by it. */
export async function endWithBrowser(
  context: IdentityContext,
  { accountId, reference, rememberedId }: Session,
  by: EndedBy & RevocationReach,
): Promise<void> {
  const chosen = (session: Session) =>
    session.reference === reference ||
    (rememberedId !== null && session.rememberedId === rememberedId);
  const forget = rememberedId === null ? {} : { forget: { id: rememberedId } };
  await endChosen(context, { ...by, accountId, chosen, ...forget });
}

/** Ends all of the account's sessions but this one, and forgets all browsers but this one. */
export async function endOtherSessions(
  context: IdentityContext,
  kept: Session,
  by: EndedBy,
): Promise<void> {
  await endChosen(context, {
    ...by,
    accountId: kept.accountId,
    chosen: ({ reference }) => reference !== kept.reference,
    forget: { exceptId: kept.rememberedId },
  });
}

/** Ends every session of an account and forgets its browsers, downloads under way included. */
export async function endAllSessions(
  context: IdentityContext,
  accountId: string,
  by: EndedBy,
): Promise<void> {
  await endChosen(context, { ...by, accountId, chosen: () => true, forget: {} });
}
