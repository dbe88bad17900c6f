// Asking for a sign-in link or a new password. The request itself only writes down what was asked, with
// the same one statement whether the address has an account or not; the account is looked up later,
// beside the requests. So neither the answer nor its time tells who has an account here.
import type { Kysely } from 'kysely';
import { hasWayIn } from '../accounts/has-way-in.js';
import type { AppContext, IdentityContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { LinkRequestTable, Schema } from '../database/schema.js';
import { entersElsewhereMail } from '../identities/identity-mails.js';
import { queueMail } from '../mail/queue-mail.js';
import { LIFE_MS, makeIdentityLink } from './identity-links.js';
import { linkMail } from './identity-mails.js';
import { refuseAskedFor } from './mailed-links-off.js';

/** Mails of one purpose an account gets in a window; its owner then has this many good links. */
const MAILS_A_WINDOW = 5;
const WINDOW_MS = 15 * 60_000;
const BATCH = 20;

export type RequestedPurpose = LinkRequestTable['purpose'];

/**
 * Notes that somebody asked for a link to `email` (normalised).
 * @throws Refused `mailed-links-off`, whoever asks for whomever; `too-many-attempts` for the asker's network
 * address, never for the account.
 */
export async function requestLink(
  {
    config,
    db,
    now,
    signInLimits,
  }: Pick<IdentityContext, 'config' | 'db' | 'now' | 'signInLimits'>,
  { email, purpose, address }: { email: string; purpose: RequestedPurpose; address: string },
): Promise<void> {
  refuseAskedFor(config, purpose);
  await signInLimits.admitLinkRequest(address);
  await db
    .insertInto('link_request')
    .values({ id: newId(), purpose, email, created_at: new Date(now()) })
    .execute();
}

/**
 * Answers the requests that wait, each in a transaction with the mail it leads to: a crash loses none
 * and doubles none. Returns how many there were.
 */
export async function answerLinkRequests(
  context: Pick<AppContext, 'config' | 'db' | 'now'>,
): Promise<number> {
  const { db } = context;
  let answered = 0;
  while (answered < BATCH) {
    const found = await db.transaction().execute(async (transaction) => {
      const request = await transaction
        .deleteFrom('link_request')
        .where('id', 'in', (oldest) =>
          oldest
            .selectFrom('link_request')
            .select('id')
            .orderBy('created_at')
            .limit(1)
            .forUpdate()
            .skipLocked(),
        )
        .returning(['purpose', 'email'])
        .executeTakeFirst();
      if (request !== undefined) await answer(transaction, context, request);
      return request !== undefined;
    });
    if (!found) break;
    answered += 1;
  }
  return answered;
}

async function answer(
  db: Kysely<Schema>,
  { config, now }: Pick<AppContext, 'config' | 'now'>,
  { purpose, email }: Pick<LinkRequestTable, 'purpose' | 'email'>,
): Promise<void> {
  // Asked for before they were turned off.
  if (!config.mailedLinks[purpose]) return;
  const nowMs = now();
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('email', '=', email)
    .where('disabled_at', 'is', null)
    .where(hasWayIn)
    // Requests for one account are answered one after the other, so that the count below is right.
    .forUpdate()
    .executeTakeFirst();
  if (account === undefined) return;
  // A mailbox is no way around the provider that an account without a password belongs to; once there is no
  // provider any more, it is the only way left.
  if (account.password_hash === null && config.provider !== undefined) {
    await queueMail(db, {
      to: email,
      ...entersElsewhereMail(config.appOrigin, config.provider.name),
      stableId: `enters-elsewhere:${account.id}:${Math.floor(nowMs / WINDOW_MS)}`,
      kind: 'account-notice',
      at: new Date(nowMs),
    });
    return;
  }
  const recent = await db
    .selectFrom('identity_link')
    .select('id')
    .where('account_id', '=', account.id)
    .where('purpose', '=', purpose)
    .where('created_at', '>', new Date(nowMs - WINDOW_MS))
    .limit(MAILS_A_WINDOW)
    .execute();
  if (recent.length >= MAILS_A_WINDOW) return;
  const { id, url, expiresAt } = await makeIdentityLink(db, config.appOrigin, {
    accountId: account.id,
    purpose,
    nowMs,
  });
  await queueMail(db, {
    to: email,
    ...linkMail(purpose, { url, appOrigin: config.appOrigin, lifeMs: LIFE_MS[purpose] }),
    stableId: `identity-link:${id}`,
    kind: purpose,
    uselessAfter: expiresAt,
    at: new Date(nowMs),
  });
}

/** Forgets links that can no longer be used, a while after they could. */
export async function pruneIdentityLinks(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('identity_link')
    .where('expires_at', '<', new Date(nowMs - 30 * 24 * 60 * 60_000))
    .execute();
}
