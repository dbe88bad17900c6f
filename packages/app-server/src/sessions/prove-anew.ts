// Proving anew, within a session, who is sitting there: dangerous actions ask for it. One function checks the
// password; every other proof (a passkey, a code) checks its own and then calls `completeProof`, too.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { recordAudit } from '../audit/record-audit.js';
import { checkCodeBesidePassword } from '../factors/prove-by-factor.js';
import { Refused } from '../http/problems.js';
import { currentSession } from './current-session.js';
import { viewerOf } from './require-session.js';
import { setSessionCookie } from './session-cookie.js';
import { hashOfId, newSessionId, type Session } from './session-store.js';

/**
 * Proves by the account's password; where it has a second factor, by a code of that too.
 * @throws Refused `invalid-input` when it is wrong, `too-many-attempts` after ten wrong ones in a quarter of
 * an hour, counted together with those of password changes; `busy`; as `checkCodeBesidePassword` and
 * `completeProof` do.
 */
export async function proveByPassword(
  ctx: Context,
  context: IdentityContext,
  { password, code }: { password: string; code?: string | undefined },
): Promise<void> {
  const { passwords, signInLimits } = context;
  const { account } = viewerOf(ctx);
  const admitted = await signInLimits.admitPasswordChange(account.id);
  if (!(await passwords.verify(account.password_hash, password))) {
    throw new Refused('invalid-input', 'password: this is not your password');
  }
  await admitted.succeed();
  const second = await checkCodeBesidePassword(ctx, context, code);
  await completeProof(ctx, context, second === undefined ? 'password' : `password, ${second}`);
}

/**
 * Notes in this request's session that its owner has just proven who they are, and gives it another id (OWASP
 * ASVS 5.0, 7.2.4): whoever has copied the old one is out. Its public reference stays, and so do its claims.
 * @param by what was proven with, for the audit trail.
 * @throws Refused `not-signed-in` when the session was ended meanwhile.
 */
export async function completeProof(
  ctx: Context,
  context: IdentityContext,
  by: string,
): Promise<void> {
  const { sessions, db, now } = context;
  const session = currentSession(ctx);
  const id = newSessionId();
  const renewed = { idHash: hashOfId(id), atMs: now() };
  if (!(await sessions.renew(session, renewed))) throw new Refused('not-signed-in');
  ctx.state['session'] = {
    ...session,
    idHash: renewed.idHash,
    provenAtMs: renewed.atMs,
    lastSeenAtMs: renewed.atMs,
  } satisfies Session;
  setSessionCookie(ctx, id);
  await recordAudit(
    db,
    {
      action: 'session.proven',
      actorId: session.accountId,
      accountId: session.accountId,
      subject: `session:${session.reference}`,
      address: ctx.ip,
      details: { by },
    },
    now(),
  );
}
