// The proof by e-mail address and password. Unknown address, wrong password and disabled account cost the
// same time and get the same answer.
import { recordRefusedSignIn } from '../audit/record-refused-sign-in.js';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { findKnownDevice } from './known-devices.js';

export interface Credentials {
  /** Normalised; empty when it was no address at all. */
  email: string;
  password: string;
}

/**
 * The account that these credentials are those of.
 * @param deviceId what the device cookie holds, unproven.
 * @throws Refused `too-many-attempts`, `wrong-credentials`, `busy`.
 */
export async function checkCredentials(
  context: IdentityContext,
  { email, password }: Credentials,
  { address, deviceId }: { address: string; deviceId: string | undefined },
): Promise<Account> {
  const { db, passwords, signInLimits } = context;
  const knownDevice = await findKnownDevice(db, email, deviceId);
  const admitted = await signInLimits.admit({ address, email, knownDevice });
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('email', '=', email)
    .executeTakeFirst();
  const matches = await passwords.verify(account?.password_hash, password);
  if (!matches || account === undefined || account.disabled_at !== null) {
    await recordRefusedSignIn(context, {
      accountId: account?.id ?? null,
      address,
      reason: account === undefined ? 'unknown-address' : matches ? 'disabled' : 'wrong-password',
    });
    throw new Refused('wrong-credentials');
  }
  await admitted.succeed();
  return account;
}
