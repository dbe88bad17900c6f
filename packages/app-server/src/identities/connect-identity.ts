// Connecting an account here with a person as somebody else knows them, and taking that apart again. Always
// by (issuer, subject); an e-mail address is never what connects, only at most what found the account.
import type { Kysely, Transaction } from 'kysely';
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { queueMail } from '../mail/queue-mail.js';
import { endOtherSessions } from '../sessions/end-sessions.js';
import type { Session } from '../sessions/session-store.js';
import { identityConnectedMail, identityDisconnectedMail } from './identity-mails.js';
import type { ExternalIdentity } from './identity-tables.js';

/** Longest `sub`: OpenID Connect Core section 2 bounds it at 255 ASCII characters. */
export const MAX_SUBJECT_CHARACTERS = 255;

export interface VouchedFor {
  issuer: string;
  subject: string;
  email: string | null;
}

export interface Connecting {
  account: Account;
  identity: VouchedFor;
  /** What people call the issuer. */
  issuerName: string;
  /** Who does it; null when the server does, since an address was enough. */
  actorId: string | null;
  address: string;
}

type Deps = Pick<IdentityContext, 'config' | 'now'>;

/**
 * Connects them, tells the owner by mail, and returns the account as it is now.
 * @throws Refused `conflict` when either of the two is connected already.
 */
export async function connectIdentity(
  transaction: Transaction<Schema>,
  { config, now }: Deps,
  { account, identity, issuerName, actorId, address }: Connecting,
): Promise<Account> {
  const at = new Date(now());
  const id = newId();
  await refuseConnected(() =>
    transaction
      .insertInto('external_identity')
      .values({
        ...identity,
        id,
        account_id: account.id,
        created_at: at,
        last_used_at: null,
      })
      .execute(),
  );
  const connected = await transaction
    .updateTable('account')
    .set((where) => ({ identity_count: where('identity_count', '+', 1) }))
    .where('id', '=', account.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordAudit(
    transaction,
    {
      action: 'identity.connected',
      actorId,
      accountId: account.id,
      subject: `identity:${id}`,
      address,
      details: { issuer: identity.issuer },
    },
    at.getTime(),
  );
  // Whoever signs in for the first time, by an invitation or anew, need not be told.
  if (account.email !== null && account.password_hash !== null) {
    await queueMail(transaction, {
      to: account.email,
      ...identityConnectedMail(config.appOrigin, issuerName, identity.email),
      stableId: `identity-connected:${id}`,
      kind: 'account-notice',
      at,
    });
  }
  return connected;
}

/** The account that this person is, with its identity; undefined when they are not connected. */
export async function findConnected(
  db: Kysely<Schema>,
  { issuer, subject }: Pick<VouchedFor, 'issuer' | 'subject'>,
): Promise<{ account: Account; identityId: string } | undefined> {
  const identity = await db
    .selectFrom('external_identity')
    .select(['id', 'account_id'])
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
  if (identity === undefined) return undefined;
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', identity.account_id)
    .executeTakeFirst();
  return account && { account, identityId: identity.id };
}

export async function noteIdentityUsed(
  db: Kysely<Schema>,
  identityId: string,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('external_identity')
    .set({ last_used_at: new Date(nowMs) })
    .where('id', '=', identityId)
    .execute();
}

/** The account's identities, oldest first. */
export async function listIdentities(
  db: Kysely<Schema>,
  accountId: string,
): Promise<ExternalIdentity[]> {
  return await db
    .selectFrom('external_identity')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/**
 * Takes an identity off the account and ends its other sessions: they may be those of whoever had it.
 * @throws Refused `not-found`; `conflict` when the account has no password: nobody could get in any more.
 */
export async function disconnectIdentity(
  context: IdentityContext,
  {
    account,
    session,
    id,
    address,
  }: {
    account: Account;
    session: Session;
    id: string;
    address: string;
  },
): Promise<void> {
  const { config, db, now } = context;
  if (account.password_hash === null) {
    throw new Refused('conflict', 'It is the only way into this account. Choose a password first.');
  }
  const own = await listIdentities(db, account.id);
  if (!own.some((identity) => identity.id === id)) throw new Refused('not-found');
  const by = { actorId: account.id, address, reason: 'identity-disconnected' } as const;
  // Before and after: a dead ledger stops the change, and no session slips in between.
  await endOtherSessions(context, session, by);
  await db.transaction().execute(async (transaction) => {
    const at = new Date(now());
    const identity = await transaction
      .deleteFrom('external_identity')
      .where('id', '=', id)
      .where('account_id', '=', account.id)
      .returningAll()
      .executeTakeFirst();
    if (identity === undefined) throw new Refused('not-found');
    await transaction
      .updateTable('account')
      .set((where) => ({ identity_count: where('identity_count', '-', 1) }))
      .where('id', '=', account.id)
      .execute();
    await recordAudit(
      transaction,
      {
        action: 'identity.disconnected',
        actorId: account.id,
        accountId: account.id,
        subject: `identity:${id}`,
        address,
        details: { issuer: identity.issuer },
      },
      at.getTime(),
    );
    if (account.email !== null) {
      await queueMail(transaction, {
        to: account.email,
        ...identityDisconnectedMail(config.appOrigin, new URL(identity.issuer).host),
        stableId: `identity-disconnected:${id}`,
        kind: 'account-notice',
        at,
      });
    }
  });
  await endOtherSessions(context, session, by);
}

async function refuseConnected(insert: () => Promise<unknown>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Refused(
      'conflict',
      'One of the two is connected already. Disconnect it first, on the page of the account that has it.',
      { cause: error },
    );
  }
}
