// Passkeys of one's own account: adding one that the browser has just made, naming, deleting. All of it is
// behind the guard of a recent proof, is written into the audit trail and mailed to the owner.
import { verifyRegistrationResponse, type RegistrationResponseJSON } from '@simplewebauthn/server';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { check } from '../http/read-body.js';
import type { Passkey } from './factor-tables.js';
import { attestationInput, challengeIn } from './input.js';
import { takeChallenge } from './passkey-challenges.js';
import { rpIdOf } from './passkey-options.js';
import { forgetCodesWithoutFactor } from './remove-factors.js';
import { lockAccount, tellOfFactors, type Actor } from './tell-of-factors.js';

/** More than anybody has devices. */
export const MAX_PASSKEYS = 20;

type Deps = Pick<IdentityContext, 'config' | 'db' | 'log' | 'now'>;

/**
 * Adds the passkey that the browser has made.
 * @param response what `navigator.credentials.create` gave, unchecked.
 * @throws Refused `passkey-refused`; `conflict` when the account has it, or twenty, already.
 */
export async function addPasskey(
  context: Deps,
  account: Account,
  { response: unchecked, name, boundTo, by }: NewPasskey,
): Promise<Passkey> {
  const { config, db, log, now } = context;
  const response = check(unchecked, attestationInput);
  const challenge = challengeIn(response.response.clientDataJSON);
  if (
    challenge === undefined ||
    !(await takeChallenge(context, challenge, { purpose: 'register', boundTo }))
  ) {
    throw new Refused('passkey-refused', 'It was used already, or too long ago. Try again.');
  }
  const verified = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: config.appOrigin,
    expectedRPID: rpIdOf(config.appOrigin),
    requireUserVerification: true,
  }).catch((error: unknown) => {
    log.info({ reason: String(error) }, 'a new passkey was refused');
    return undefined;
  });
  if (!verified?.verified) throw new Refused('passkey-refused');
  const { credential, credentialDeviceType } = verified.registrationInfo;
  const passkey: Passkey = {
    id: newId(),
    account_id: account.id,
    credential_id: credential.id,
    public_key: Buffer.from(credential.publicKey).toString('base64url'),
    sign_count: credential.counter,
    transports: JSON.stringify(response.response.transports),
    synced: credentialDeviceType === 'multiDevice',
    name,
    created_at: new Date(now()),
    last_used_at: null,
  };
  return await db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, account.id);
    const others = await transaction
      .selectFrom('passkey')
      .select('id')
      .where('account_id', '=', account.id)
      .execute();
    if (others.length >= MAX_PASSKEYS) {
      throw new Refused('conflict', `An account has at most ${MAX_PASSKEYS} passkeys. Delete one.`);
    }
    await transaction
      .insertInto('passkey')
      .values(passkey)
      .execute()
      .catch((error: unknown) => {
        if (!isDuplicate(error)) throw error;
        throw new Refused('conflict', 'This passkey is there already.', { cause: error });
      });
    await tellOfFactors(transaction, context, {
      action: 'passkey.added',
      account,
      by,
      subject: `passkey:${passkey.id}`,
      details: { name },
      news: { kind: 'passkey-added', name },
    });
    return passkey;
  });
}

export interface NewPasskey {
  response: unknown;
  /** Its owner's word for it; one line. */
  name: string;
  /** The session in which it was asked for. */
  boundTo: string;
  by: Actor;
}

/** @throws Refused `not-found`, also for somebody else's. */
export async function renamePasskey(
  context: Deps,
  account: Account,
  { id, name, by }: { id: string; name: string; by: Actor },
): Promise<Passkey> {
  return await context.db.transaction().execute(async (transaction) => {
    const passkey = await transaction
      .updateTable('passkey')
      .set({ name })
      .where('id', '=', id)
      .where('account_id', '=', account.id)
      .returningAll()
      .executeTakeFirst();
    if (passkey === undefined) throw new Refused('not-found');
    await tellOfFactors(transaction, context, {
      action: 'passkey.renamed',
      account,
      by,
      subject: `passkey:${id}`,
      details: { name },
      // It opens nothing that it did not open before.
      news: undefined,
    });
    return passkey;
  });
}

/** It signs nobody in from this moment. @throws Refused `not-found`, also for somebody else's. */
export async function deletePasskey(
  context: Deps,
  account: Account,
  { id, by }: { id: string; by: Actor },
): Promise<void> {
  await context.db.transaction().execute(async (transaction) => {
    await lockAccount(transaction, account.id);
    const gone = await transaction
      .deleteFrom('passkey')
      .where('id', '=', id)
      .where('account_id', '=', account.id)
      .returning('name')
      .executeTakeFirst();
    if (gone === undefined) throw new Refused('not-found');
    await forgetCodesWithoutFactor(transaction, account.id);
    await tellOfFactors(transaction, context, {
      action: 'passkey.removed',
      account,
      by,
      subject: `passkey:${id}`,
      details: { name: gone.name },
      news: { kind: 'passkey-removed', name: gone.name },
    });
  });
}
