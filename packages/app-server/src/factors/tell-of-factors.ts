// Every change of second factors is written into the audit trail and mailed to the account's owner, in the
// transaction of the change: whoever takes an account over cannot do so in silence. No code or secret is told.
import type { Transaction } from 'kysely';
import { recordAudit, type AuditFact } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account, Schema } from '../database/schema.js';
import { queueMail } from '../mail/queue-mail.js';
import { factorMail, type FactorNews } from './factor-mails.js';

/** Who did it, and from where. */
export interface Actor {
  actorId: string | null;
  address: string | null;
}

export interface FactorChange extends Pick<AuditFact, 'action' | 'subject' | 'details'> {
  account: Pick<Account, 'id' | 'email'>;
  by: Actor;
  /** What the owner is told; undefined where a mail would tell nothing new. */
  news: FactorNews | undefined;
  /** Where a second mail of the same within some time would be too many. */
  mailOnceAs?: string;
}

export async function tellOfFactors(
  transaction: Transaction<Schema>,
  { config, now }: Pick<IdentityContext, 'config' | 'now'>,
  { account, by, news, mailOnceAs, ...fact }: FactorChange,
): Promise<void> {
  const nowMs = now();
  await recordAudit(transaction, { ...fact, ...by, accountId: account.id }, nowMs);
  if (news === undefined || account.email === null) return;
  await queueMail(transaction, {
    to: account.email,
    ...factorMail(news, config),
    stableId: mailOnceAs ?? `second-factor:${newId()}`,
    kind: 'account-notice',
    at: new Date(nowMs),
  });
}

/** Holds the account's row: changes of one account's factors happen one after the other. */
export async function lockAccount(
  transaction: Transaction<Schema>,
  accountId: string,
): Promise<Account | undefined> {
  return await transaction
    .selectFrom('account')
    .selectAll()
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst();
}
