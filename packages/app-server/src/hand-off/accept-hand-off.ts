// The receiving side: sends a browser to the peer with a state of its own, and takes what it comes back with.
// Everything that can be refused is refused before the burn, and the burn decides between several at once.
import { burnRequestOf } from '@claimcheck/shared/ledger';
import { secondsOf, type ClaimOf, type KeyId } from '@claimcheck/shared/claim';
import { KeysUnavailableError } from '@claimcheck/shared/key-source';
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused, type AppRefusal } from '../http/problems.js';
import {
  beginAttempt,
  checkReturned,
  derive,
  findAttempt,
  newAttemptSecret,
  secretOf,
  takeAttempt,
} from '../identities/attempts.js';
import { findConnected, noteIdentityUsed } from '../identities/connect-identity.js';
import type { AttemptPurpose, SignInAttempt } from '../identities/identity-tables.js';
import type { ReceivedPeer } from './hand-off-peers.js';
import { nonceOfState } from './hand-off-state.js';

/** A hand-off whose claim has been burned: it proves who is there. */
export interface Received {
  attempt: SignInAttempt;
  peer: ReceivedPeer;
  claim: ClaimOf<'hand-off'>;
  /** Whom it signs in; for `connect`, whom it is to be connected with. */
  account: Account;
}

/** What to do next, where a claim's general advice would mislead. */
const ADVICE: Partial<Record<AppRefusal, string>> = {
  'invalid-claim': 'It does not belong to this sign-in. Begin again from the sign-in page.',
  expired: 'It was good for a minute. Begin again from the sign-in page.',
  'already-used': 'It signs in once, and has done so. Begin again from the sign-in page.',
  superseded: 'The server was started again meanwhile. Begin again from the sign-in page.',
  revoked: 'The session it came from has ended, or the account is disabled.',
};

/**
 * Sends this browser to the peer; returns the address.
 * @throws LedgerUnavailableError: a claim that could not be burned is not asked for.
 */
export async function beginHandOff(
  ctx: Context,
  context: IdentityContext,
  peer: ReceivedPeer,
  wish: { purpose: AttemptPurpose; accountId: string | null; next: string | null },
): Promise<string> {
  const { config, ledger } = context;
  const secret = newAttemptSecret();
  const state = derive(secret, 'hand-off-state');
  const url = new URL('/hand-off', peer.origin);
  url.search = new URLSearchParams({
    to: config.appOrigin,
    state,
    fence: await ledger.fence(nonceOfState(state)),
  }).toString();
  await beginAttempt(ctx, context, secret, {
    way: 'peer',
    purpose: wish.purpose,
    issuer: peer.origin,
    account_id: wish.accountId,
    next: wish.next,
  });
  return url.href;
}

/**
 * Checks a claim against the browser that brings it, and burns it.
 * @param viewer who is signed in in this browser, if anybody.
 * @throws Refused `sign-in-over` when this browser did not begin it; as a claim is refused; `no-account`;
 * `not-a-peer` when the peer is no longer configured; `provider-unavailable` while its keys have never
 * come; LedgerUnavailableError. None of them burns.
 */
export async function acceptHandOff(
  ctx: Context,
  context: IdentityContext,
  token: string,
  viewer: Account | undefined,
): Promise<Received> {
  const { handOffPeers, ledger, now } = context;
  const secret = secretOf(ctx, 'peer');
  const attempt = await findAttempt(context, 'peer', secret);
  const peer = handOffPeers.byOrigin(attempt.issuer);
  if (peer === undefined) throw new Refused('not-a-peer');
  const { claim, keyId } = await verify(peer, token, now());
  checkReturned(secret, 'hand-off-state', claim.sta);
  // The nonce follows from the state, so that one attempt can only ever burn one nonce.
  if (claim.jti !== nonceOfState(claim.sta)) throw refuse('invalid-claim');
  const who = await findWhom(context, { attempt, claim, viewer, peer });
  const outcome = await ledger.burn(burnRequestOf(claim, keyId));
  if (outcome !== 'burned') throw refuse(outcome);
  // The ledger forgets a burn within minutes; the attempt is over for good.
  await takeAttempt(ctx, context, 'peer', secret);
  if (who.identityId !== undefined) await noteIdentityUsed(context.db, who.identityId, now());
  return { attempt, peer, claim, account: who.account };
}

/** When the person last proved at the peer who they are, by this claim; never later than now. */
export function provenAtMsOf(claim: ClaimOf<'hand-off'>, nowMs: number): number {
  return Math.min(nowMs, secondsOf(claim.prv) * 1000);
}

async function verify(
  peer: ReceivedPeer,
  token: string,
  nowMs: number,
): Promise<{ claim: ClaimOf<'hand-off'>; keyId: KeyId }> {
  try {
    const verification = await peer.verify(token, nowMs);
    if (verification.ok) return verification;
    throw refuse(verification.refusal);
  } catch (error) {
    if (!(error instanceof KeysUnavailableError)) throw error;
    throw new Refused('provider-unavailable', undefined, { cause: error });
  }
}

/**
 * The account that the claim is about: by its own id where both servers have one database, else by what its
 * owner has connected. To connect, it is whoever is signed in here, and has been from the beginning.
 */
async function findWhom(
  { config, db }: IdentityContext,
  {
    attempt,
    claim,
    viewer,
    peer,
  }: Pick<Received, 'attempt' | 'claim' | 'peer'> & {
    viewer: Account | undefined;
  },
): Promise<{ account: Account; identityId?: string }> {
  if (attempt.purpose === 'connect') {
    if (viewer === undefined || viewer.id !== attempt.account_id) throw new Refused('sign-in-over');
    return { account: viewer };
  }
  const found =
    config.handOff.accounts === 'shared'
      ? await findById(db, claim.sub)
      : await findConnected(db, { issuer: peer.origin, subject: claim.sub });
  if (found === undefined) {
    throw new Refused(
      'no-account',
      `No account here is connected with yours at ${peer.name}. Sign in here in another way, open “Account”, and connect the two; it has to be done once.`,
    );
  }
  if (found.account.disabled_at !== null) {
    throw new Refused('no-account', 'Your account here is disabled. Ask an administrator.');
  }
  return found;
}

async function findById(
  db: IdentityContext['db'],
  id: string,
): Promise<{ account: Account } | undefined> {
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return account && { account };
}

function refuse(code: AppRefusal): Refused {
  return new Refused(code, ADVICE[code]);
}
