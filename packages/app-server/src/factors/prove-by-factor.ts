// Second factors as a proof within a session, in front of dangerous actions: with one, the password alone is no
// proof any more, since who has taken over a session may have learned it. A passkey alone is.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { Refused } from '../http/problems.js';
import { viewerOf } from '../sessions/require-session.js';
import { hasSecondFactor, readFactors } from './read-factors.js';
import { presentCode, useCode, type UsedCode } from './use-code.js';

/**
 * Checks the code that must come with the password; undefined where the account has no second factor.
 * @throws Refused `invalid-input` without a code, `wrong-second-factor`, `too-many-attempts` after ten wrong
 * ones in this session.
 */
export async function checkCodeBesidePassword(
  ctx: Context,
  context: IdentityContext,
  code: string | undefined,
): Promise<UsedCode | undefined> {
  const { db, signInLimits } = context;
  const { account, sessionReference } = viewerOf(ctx);
  if (!hasSecondFactor(await readFactors(db, account.id))) return undefined;
  if (!code) {
    const missing = 'code: a code of your second factor is needed too; a passkey does without both';
    throw new Refused('invalid-input', missing);
  }
  const admitted = await signInLimits.admitProof(sessionReference);
  const presented = await presentCode(context, account.id, code);
  const by = { actorId: account.id, address: ctx.ip };
  const used = await db
    .transaction()
    .execute((transaction) => useCode(transaction, context, { account, presented, by }));
  if (used === undefined) throw new Refused('wrong-second-factor');
  await admitted.succeed();
  return used;
}
