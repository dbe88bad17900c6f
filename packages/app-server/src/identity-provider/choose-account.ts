// Whose account it is that the provider vouches for. Known people are found by (issuer, subject) and nothing
// else; an e-mail address finds an account once, for the first time, and only when the provider has verified it.
import type { Transaction } from 'kysely';
import { normaliseEmail } from '../accounts/email.js';
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import {
  connectIdentity,
  findConnected,
  noteIdentityUsed,
  type VouchedFor,
} from '../identities/connect-identity.js';
import { withdrawIdentityLinks } from '../sign-in/identity-links.js';
import type { ProviderProof } from './open-provider.js';
import type { ProviderSettings } from './provider-settings.js';

type Deps = Pick<IdentityContext, 'config' | 'db' | 'now'>;

/**
 * The account of this person; connected, invited to its end or made, where it has to be.
 * @throws Refused `no-account` with the reason; `provider-unavailable` when the address cannot be asked for.
 */
export async function chooseAccount(
  deps: Deps,
  settings: ProviderSettings,
  proof: ProviderProof,
  address: string,
): Promise<Account> {
  const identity = await checkIdentity(settings, proof);
  const known = await findKnown(deps, identity);
  if (known !== undefined) return known;
  const email = identity.email ?? (await readEmail(proof));
  if (email === undefined) {
    throw new Refused(
      'no-account',
      `${settings.name} does not say that it has verified your e-mail address, so no account can be found by it. If you have one, sign in in another way and connect the two on the page “Account”.`,
    );
  }
  const firstTime = () =>
    deps.db
      .transaction()
      .execute((transaction) =>
        connectByEmail(transaction, deps, settings, { ...identity, email }, address),
      );
  try {
    return await firstTime();
  } catch (error) {
    if (!isDuplicate(error) && !(error instanceof Refused && error.code === 'conflict'))
      throw error;
    // The same person in two windows at once: the other one has just done it.
    const now = await findKnown(deps, identity);
    if (now !== undefined) return now;
    throw new Refused('no-account', undefined, { cause: error });
  }
}

/**
 * Who this is, when the provider's people may come in at all: with a list of domains, only those with a
 * verified address in one of them, at every sign-in.
 * @throws Refused `no-account`.
 */
export async function checkIdentity(
  settings: ProviderSettings,
  proof: ProviderProof,
): Promise<VouchedFor> {
  const { issuer, subject } = proof;
  if (settings.allowedDomains.length === 0) return { issuer, subject, email: null };
  const email = await readEmail(proof);
  const domain = email?.slice(email.lastIndexOf('@') + 1);
  if (email === undefined || domain === undefined || !settings.allowedDomains.includes(domain)) {
    throw new Refused(
      'no-account',
      `Only people with a verified e-mail address in certain domains may sign in with ${settings.name} here, and yours is in none of them.`,
    );
  }
  return { issuer, subject, email };
}

/** Normalised; undefined when there is none that the provider has verified. */
export async function readEmail(proof: ProviderProof): Promise<string | undefined> {
  const email = await proof.readVerifiedEmail();
  return email === undefined ? undefined : normaliseEmail(email);
}

async function findKnown(deps: Deps, identity: VouchedFor): Promise<Account | undefined> {
  const known = await findConnected(deps.db, identity);
  if (known === undefined) return undefined;
  refuseDisabled(known.account);
  await noteIdentityUsed(deps.db, known.identityId, deps.now());
  return known.account;
}

async function connectByEmail(
  transaction: Transaction<Schema>,
  deps: Deps,
  settings: ProviderSettings,
  identity: VouchedFor & { email: string },
  address: string,
): Promise<Account> {
  const nowMs = deps.now();
  const found = await transaction
    .selectFrom('account')
    .selectAll()
    .where('email', '=', identity.email)
    .forUpdate()
    .executeTakeFirst();
  if (found === undefined && settings.accounts === 'existing') throw new Refused('no-account');
  const account =
    found ?? (await makeMember(transaction, { email: identity.email, address, nowMs }));
  refuseDisabled(account);
  // The same person in two windows at once: the other one has just done it.
  if (await isConnected(transaction, account, identity)) return account;
  // An invitation is accepted by coming in: its link would only set a password nobody asked for.
  if (account.password_hash === null) {
    await withdrawIdentityLinks(transaction, account.id, nowMs, 'accept-invitation');
  }
  return await connectIdentity(transaction, deps, {
    account,
    identity,
    issuerName: settings.name,
    actorId: null,
    address,
  });
}

async function makeMember(
  transaction: Transaction<Schema>,
  { email, address, nowMs }: { email: string; address: string; nowMs: number },
): Promise<Account> {
  const account = await transaction
    .insertInto('account')
    .values({
      id: newId(),
      email,
      password_hash: null,
      role: 'member',
      disabled_at: null,
      created_at: new Date(nowMs),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordAudit(
    transaction,
    { action: 'account.made-by-provider', actorId: null, accountId: account.id, address },
    nowMs,
  );
  return account;
}

function refuseDisabled(account: Account): void {
  if (account.disabled_at === null) return;
  throw new Refused('no-account', 'Your account here is disabled. Ask an administrator.');
}

/**
 * @throws Refused `no-account` when somebody else is: an address that was given to another person at the
 * provider must not open the account of before.
 */
async function isConnected(
  transaction: Transaction<Schema>,
  account: Account,
  { issuer, subject }: VouchedFor,
): Promise<boolean> {
  const connected = await transaction
    .selectFrom('external_identity')
    .select('subject')
    .where('account_id', '=', account.id)
    .where('issuer', '=', issuer)
    .executeTakeFirst();
  if (connected === undefined) return false;
  if (connected.subject === subject) return true;
  throw new Refused(
    'no-account',
    'The account with your e-mail address belongs to another person of the sign-in service. Ask an administrator.',
  );
}
