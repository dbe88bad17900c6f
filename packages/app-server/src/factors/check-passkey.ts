// Checking what a passkey has signed. The challenge is taken out before anything else is looked at, so an
// answer is judged once, whatever the judgement; then the passkey, its owner, origin, signature and count.
import {
  verifyAuthenticationResponse,
  type AuthenticationResponseJSON,
} from '@simplewebauthn/server';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { check } from '../http/read-body.js';
import type { Passkey } from './factor-tables.js';
import { assertionInput, challengeIn } from './input.js';
import { takeChallenge, type ChallengeUse } from './passkey-challenges.js';
import { rpIdOf } from './passkey-options.js';
import { tellOfFactors, type Actor } from './tell-of-factors.js';

export interface PasskeyAnswer extends ChallengeUse {
  /** What `navigator.credentials.get` gave, unchecked. */
  response: unknown;
  /** Whose passkey it must be; anybody's without it. */
  accountId?: string;
  by: Actor;
}

/**
 * The passkey that has signed; it counts as used.
 * @throws Refused `passkey-refused`, with what to do; `invalid-input` when it is no answer at all.
 */
export async function checkPasskey(
  context: Pick<IdentityContext, 'config' | 'db' | 'log' | 'now'>,
  { response: unchecked, accountId, by, ...use }: PasskeyAnswer,
): Promise<Passkey> {
  const { config, db, log } = context;
  const response = check(unchecked, assertionInput);
  const challenge = challengeIn(response.response.clientDataJSON);
  if (challenge === undefined || !(await takeChallenge(context, challenge, use))) {
    throw new Refused('passkey-refused', 'It was used already, or too long ago. Try again.');
  }
  const passkey = await db
    .selectFrom('passkey')
    .selectAll()
    .where('credential_id', '=', response.id)
    .executeTakeFirst();
  const { userHandle } = response.response;
  if (
    passkey === undefined ||
    (accountId !== undefined && passkey.account_id !== accountId) ||
    // WebAuthn Level 3 section 7.2 step 6: what the authenticator says of whose it is must be so.
    (userHandle !== undefined && fromBase64url(userHandle) !== passkey.account_id)
  ) {
    throw new Refused(
      'passkey-refused',
      'This passkey is not (or no longer) one of an account here. Sign in another way, and delete it from your device.',
    );
  }
  const verified = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: config.appOrigin,
    expectedRPID: rpIdOf(config.appOrigin),
    requireUserVerification: true,
    credential: {
      id: passkey.credential_id,
      publicKey: new Uint8Array(Buffer.from(passkey.public_key, 'base64url')),
      // The count is judged below, in one step with storing it.
      counter: 0,
    },
  }).catch((error: unknown) => {
    log.info({ reason: String(error) }, 'a passkey was refused');
    return undefined;
  });
  if (!verified?.verified) throw new Refused('passkey-refused');
  await countUse(context, passkey, verified.authenticationInfo.newCounter, by);
  return passkey;
}

/** WebAuthn Level 3 section 6.1.1: a count that does not grow is that of a copy; many authenticators do not count. */
async function countUse(
  context: Pick<IdentityContext, 'config' | 'db' | 'now'>,
  passkey: Passkey,
  count: number,
  by: Actor,
): Promise<void> {
  const { db, now } = context;
  const { numUpdatedRows } = await db
    .updateTable('passkey')
    .set({ sign_count: count, last_used_at: new Date(now()) })
    .where('id', '=', passkey.id)
    .where((where) =>
      where.or([
        where('sign_count', '<', count),
        where.and([where('sign_count', '=', 0), where.val(count === 0)]),
      ]),
    )
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  await db.transaction().execute(async (transaction) => {
    const account = await transaction
      .selectFrom('account')
      .innerJoin('passkey', 'passkey.account_id', 'account.id')
      .select(['account.id', 'account.email'])
      .where('passkey.id', '=', passkey.id)
      .executeTakeFirst();
    // Deleted in this very moment: nothing to warn of.
    if (account === undefined) return;
    await tellOfFactors(transaction, context, {
      action: 'passkey.copy-suspected',
      account,
      by,
      subject: `passkey:${passkey.id}`,
      news: { kind: 'copy-suspected', name: passkey.name },
    });
  });
  throw new Refused(
    'passkey-refused',
    'It has counted fewer uses than we have seen, as a copy of it would. Sign in another way, delete this passkey here and add a new one.',
  );
}

function fromBase64url(text: string): string {
  return Buffer.from(text, 'base64url').toString('utf8');
}
