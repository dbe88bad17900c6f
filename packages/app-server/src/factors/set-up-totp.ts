// Setting up an authenticator app: a secret is made and shown, and counts from the first code that the app
// gives for it. Until then nothing has changed, also for who replaces an app that they have.
import type { Kysely } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { readFactors } from './read-factors.js';
import { drawRecoveryCodes, keepRecoveryCodes } from './recovery-codes.js';
import { createSecretSeal } from './seal-secret.js';
import { lockAccount, tellOfFactors, type Actor } from './tell-of-factors.js';
import { matchTotp, newTotpSecret, totpUrl, writeTotpSecret } from './totp.js';

/** A secret that was shown and not confirmed within this time is no longer shown, and never counts. */
export const SETUP_COUNTS_MS = 30 * 60_000;

export interface TotpSetUp {
  /** Base32, to be typed. */
  secret: string;
  /** `otpauth:`, to be scanned. */
  url: string;
  expiresAt: Date;
}

type Deps = Pick<IdentityContext, 'config' | 'db' | 'linkDigest' | 'now'>;

/** Makes a new secret for the account's app to be; one that was waiting is forgotten. */
export async function beginTotpSetUp(context: Deps, account: Account): Promise<TotpSetUp> {
  const { db, linkDigest, now } = context;
  const secret = newTotpSecret();
  const begun = {
    setup_secret: createSecretSeal(linkDigest).seal(secret, account.id),
    setup_at: new Date(now()),
  };
  await db
    .insertInto('totp_factor')
    .values({ account_id: account.id, secret: null, confirmed_at: null, ...begun })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet(begun))
    .execute();
  return describe(context, account, secret, begun.setup_at);
}

/** The secret that waits for its first code, to be shown again; undefined when none does. */
export async function findTotpSetUp(
  context: Deps,
  account: Account,
): Promise<TotpSetUp | undefined> {
  const row = await context.db
    .selectFrom('totp_factor')
    .select(['setup_secret', 'setup_at'])
    .where('account_id', '=', account.id)
    .where('setup_at', '>', new Date(context.now() - SETUP_COUNTS_MS))
    .executeTakeFirst();
  if (!row?.setup_secret || !row.setup_at) return undefined;
  const secret = createSecretSeal(context.linkDigest).open(row.setup_secret, account.id);
  return describe(context, account, secret, row.setup_at);
}

/**
 * Makes the app count, by its first code; returns recovery codes when the account had none left.
 * @throws Refused `wrong-second-factor`; `conflict` when no secret waits (any more).
 */
export async function confirmTotp(
  context: Deps & Pick<IdentityContext, 'passwords'>,
  { account, code, by }: { account: Account; code: string; by: Actor },
): Promise<{ recoveryCodes: string[] | undefined }> {
  const { db, now } = context;
  // Looked at twice: new recovery codes take a while, which a wrong code must not cost, nor a transaction wait for.
  await matchSetUp(db, context, account, code);
  const { recoveryCodesLeft: leftBefore } = await readFactors(db, account.id);
  const drawn = leftBefore === 0 ? await drawRecoveryCodes(context, account.id) : undefined;
  return await db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, account.id);
    const { row, setupSecret, step } = await matchSetUp(transaction, context, account, code);
    await transaction
      .updateTable('totp_factor')
      .set({
        secret: setupSecret,
        confirmed_at: new Date(now()),
        last_step: step,
        setup_secret: null,
        setup_at: null,
      })
      .where('account_id', '=', account.id)
      .execute();
    const replaced = row.secret !== null;
    await tellOfFactors(transaction, context, {
      action: 'totp.added',
      account,
      by,
      details: { replaced },
      news: { kind: replaced ? 'totp-replaced' : 'totp-added' },
    });
    const { recoveryCodesLeft } = await readFactors(transaction, account.id);
    if (recoveryCodesLeft > 0 || drawn === undefined) return { recoveryCodes: undefined };
    await keepRecoveryCodes(transaction, account.id, drawn, now());
    await tellOfFactors(transaction, context, {
      action: 'recovery-codes.made',
      account,
      by,
      // The mail about the app has just been queued; this came with it.
      news: undefined,
    });
    return { recoveryCodes: drawn.codes };
  });
}

/** The secret that waits and the time step that this code of it is that of. @throws Refused as `confirmTotp`. */
async function matchSetUp(
  db: Kysely<Schema>,
  { linkDigest, now }: Deps,
  account: Account,
  code: string,
) {
  const row = await db
    .selectFrom('totp_factor')
    .selectAll()
    .where('account_id', '=', account.id)
    .where('setup_at', '>', new Date(now() - SETUP_COUNTS_MS))
    .executeTakeFirst();
  if (!row?.setup_secret) {
    throw new Refused('conflict', 'No set-up is waiting for its code. Begin it again.');
  }
  const secret = createSecretSeal(linkDigest).open(row.setup_secret, account.id);
  const step = matchTotp(secret, code.replace(/\s/g, ''), now());
  if (step === undefined) throw new Refused('wrong-second-factor');
  return { row, setupSecret: row.setup_secret, step };
}

function describe(
  { config }: Deps,
  account: Account,
  secret: Uint8Array,
  begunAt: Date,
): TotpSetUp {
  const issuer = `claimcheck ${new URL(config.appOrigin).host}`.replaceAll(':', ' ');
  return {
    secret: writeTotpSecret(secret),
    url: totpUrl(secret, issuer, account.email ?? account.id),
    expiresAt: new Date(begunAt.getTime() + SETUP_COUNTS_MS),
  };
}
