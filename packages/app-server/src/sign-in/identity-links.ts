// Links that prove who somebody is by their mailbox: signing in, choosing a new password, accepting an
// invitation. What is mailed is a random handle, stored hashed, which may live for days; the claim that
// carries the permission is minted at the press of the button and burned in the same breath.
import { burnRequestOf } from '@claimcheck/shared/ledger';
import { mintClaim, newNonce } from '@claimcheck/shared/mint';
import type { Kysely, Transaction } from 'kysely';
import type { AppContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account, IdentityLink, IdentityPurpose, Schema } from '../database/schema.js';
import { Refused, type AppRefusal } from '../http/problems.js';
import { refuseMailed } from './mailed-links-off.js';
import { hashOfHandle, mailedUrl, newHandle } from '../mailed-handle.js';

/** How long each kind is good for. Mail can take its time; an invitation waits for a person. */
export const LIFE_MS: Readonly<Record<IdentityPurpose, number>> = {
  'sign-in': 60 * 60_000,
  'reset-password': 60 * 60_000,
  'accept-invitation': 7 * 24 * 60 * 60_000,
};

/** The claim lives for the press alone. */
const PRESS_SECONDS = 60;

/** The same of a link that an administrator has made: whoever has it may have no way to ask for another. */
const ADVICE_BY_HAND: Partial<Record<AppRefusal, string>> = {
  'already-used':
    'A password was chosen with it. Sign in with that; if it was not you who chose it, tell an administrator at once.',
  expired: 'It was good for an hour. Ask an administrator for another one.',
  revoked:
    'The password was changed since, or the account is disabled. Ask an administrator for another one if you still need it.',
};

/** What to do next, where a claim's general advice would mislead. */
const ADVICE: Record<IdentityPurpose, Partial<Record<AppRefusal, string>>> = {
  'sign-in': {
    'already-used': 'It signs in one browser, once. Ask for a new one on the sign-in page.',
    expired: 'It was good for an hour. Ask for a new one on the sign-in page.',
    revoked:
      'A newer password, or an administrator, has withdrawn it. Sign in with your password, or ask for a new link on the sign-in page.',
  },
  'reset-password': {
    'already-used':
      'A password was chosen with it. Sign in with that; if it was not you who chose it, ask for a new link on the sign-in page.',
    expired: 'It was good for an hour. Ask for a new one on the sign-in page.',
    revoked:
      'The password was changed since, or the account is disabled. Ask for a new link on the sign-in page if you still need one.',
  },
  'accept-invitation': {
    'already-used': 'Your account is set up. Sign in with your e-mail address and password.',
    expired: 'It was good for seven days. Ask whoever invited you to send it again.',
    revoked:
      'The invitation was withdrawn or sent again. Use the newest mail, or ask whoever invited you.',
  },
};

export interface PressedLink {
  link: IdentityLink;
  account: Account;
}

/** Makes a link and returns its address, which is to be mailed (or shown) and kept nowhere. */
export async function makeIdentityLink(
  db: Kysely<Schema> | Transaction<Schema>,
  appOrigin: string,
  {
    accountId,
    purpose,
    nowMs,
    byHand = false,
  }: { accountId: string; purpose: IdentityPurpose; nowMs: number; byHand?: boolean },
): Promise<{ id: string; url: string; expiresAt: Date }> {
  const handle = newHandle();
  const id = newId();
  const expiresAt = new Date(nowMs + LIFE_MS[purpose]);
  await db
    .insertInto('identity_link')
    .values({
      id,
      handle_hash: hashOfHandle(handle),
      purpose,
      account_id: accountId,
      nonce: newNonce(),
      created_at: new Date(nowMs),
      expires_at: expiresAt,
      used_at: null,
      withdrawn_at: null,
      by_hand: byHand,
    })
    .execute();
  return { id, url: mailedUrl(appOrigin, 'i', handle), expiresAt };
}

/** Takes back an account's unused links, of one purpose or all. */
export async function withdrawIdentityLinks(
  db: Kysely<Schema> | Transaction<Schema>,
  accountId: string,
  nowMs: number,
  purpose?: IdentityPurpose,
): Promise<void> {
  let query = db
    .updateTable('identity_link')
    .set({ withdrawn_at: new Date(nowMs) })
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .where('withdrawn_at', 'is', null);
  if (purpose !== undefined) query = query.where('purpose', '=', purpose);
  await query.execute();
}

/**
 * The link of this handle with its account, when a press would be let through now. Changes nothing.
 * @throws Refused `invalid-claim` for an unknown handle, `mailed-links-off`, `already-used`, `expired`, `revoked`.
 */
export async function findIdentityLink(
  { config, db, now }: Pick<AppContext, 'config' | 'db' | 'now'>,
  handle: string,
): Promise<PressedLink> {
  const link = await db
    .selectFrom('identity_link')
    .selectAll()
    .where('handle_hash', '=', hashOfHandle(handle))
    .executeTakeFirst();
  if (link === undefined) throw new Refused('invalid-claim');
  if (link.purpose !== 'accept-invitation' && !link.by_hand) refuseMailed(config, link.purpose);
  if (link.used_at !== null) throw refuse(link, 'already-used');
  if (link.withdrawn_at !== null) throw refuse(link, 'revoked');
  if (link.expires_at.getTime() <= now()) throw refuse(link, 'expired');
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', link.account_id)
    .executeTakeFirst();
  // An invitation is for an account that nobody has come to yet, everything else for one that has an owner.
  const isUnclaimed = account?.password_hash === null && account.identity_count === 0;
  if (
    account === undefined ||
    account.disabled_at !== null ||
    isUnclaimed !== (link.purpose === 'accept-invitation')
  ) {
    throw refuse(link, 'revoked');
  }
  return { link, account };
}

/**
 * Uses the link up: mints its claim, burns it in the ledger, marks the link. Of many presses at once one
 * gets through. What the press is for comes after it: a crash in between has given nobody anything.
 * @throws Refused `already-used`, `revoked`, `superseded`; LedgerUnavailableError, the link stays good.
 */
export async function burnIdentityLink(
  { config, db, keys, ledger, now }: AppContext,
  { link, account }: PressedLink,
): Promise<void> {
  const nowMs = now();
  const key = await keys.signing();
  const { claim } = await mintClaim(
    key,
    {
      iss: config.appOrigin,
      aud: config.appOrigin,
      sub: account.id,
      jti: link.nonce,
      act: link.purpose,
      fen: await ledger.fence(link.nonce),
    },
    nowMs,
    PRESS_SECONDS,
  );
  const outcome = await ledger.burn(burnRequestOf(claim, key.id));
  if (outcome !== 'burned') throw refuse(link, outcome);
  // The ledger forgets a burn within minutes, this row never does.
  const { numUpdatedRows } = await db
    .updateTable('identity_link')
    .set({ used_at: new Date(nowMs) })
    .where('id', '=', link.id)
    .where('used_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw refuse(link, 'already-used');
}

function refuse({ purpose, by_hand }: IdentityLink, code: AppRefusal): Refused {
  return new Refused(code, (by_hand ? ADVICE_BY_HAND : ADVICE[purpose])[code]);
}
