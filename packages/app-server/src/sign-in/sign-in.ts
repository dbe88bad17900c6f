// Signing in with e-mail address and password. Unknown address, wrong password and disabled account
// cost the same time and get the same answer.
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { beginSession, type Visitor } from '../sessions/session-life.js';
import { findKnownDevice, rememberDevice } from './known-devices.js';

export interface Credentials {
  /** Normalised; empty when it was no address at all. */
  email: string;
  password: string;
}

/** Ids for the two cookies. */
export interface SignedInIds {
  sessionId: string;
  deviceId: string;
}

/**
 * @param deviceId what the device cookie holds, unproven.
 * @throws Refused `too-many-attempts`, `wrong-credentials`, `busy`.
 */
export async function signIn(
  context: IdentityContext,
  { email, password }: Credentials,
  visitor: Visitor & { deviceId: string | undefined },
): Promise<SignedInIds> {
  const { db, passwords, signInLimits, now } = context;
  const knownDevice = await findKnownDevice(db, email, visitor.deviceId);
  const admitted = await signInLimits.admit({ address: visitor.address, email, knownDevice });
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('email', '=', email)
    .executeTakeFirst();
  const matches = await passwords.verify(account?.password_hash, password);
  if (!matches || account === undefined || account.disabled_at !== null) {
    throw new Refused('wrong-credentials');
  }
  await admitted.succeed();
  const sessionId = await beginSession(context, account, visitor);
  const deviceId = await rememberDevice(db, account, visitor.deviceId, now());
  return { sessionId, deviceId };
}
