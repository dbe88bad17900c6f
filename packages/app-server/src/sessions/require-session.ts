// Who is asking. The session was loaded at the beginning of the request (`load-session.ts`); these
// guards stand in the route table in front of what needs somebody.
import type { Context, Next } from 'koa';
import type { SignedIn } from '../context.js';
import { Refused } from '../http/problems.js';

/**
 * The signed-in person of this request.
 * @throws Refused `not-signed-in`.
 */
export function viewerOf(ctx: Context): SignedIn {
  const viewer = ctx.state['viewer'] as SignedIn | undefined;
  if (viewer === undefined) throw new Refused('not-signed-in');
  return viewer;
}

/** Guard: somebody is signed in, with an account that has its e-mail address and a way in. */
export async function requireAccount(ctx: Context, next: Next): Promise<void> {
  if (!isComplete(viewerOf(ctx))) throw new Refused('account-incomplete');
  await next();
}

/** Guard: an administrator, by the role that the account has now. */
export async function requireAdmin(ctx: Context, next: Next): Promise<void> {
  const viewer = viewerOf(ctx);
  if (!isComplete(viewer)) throw new Refused('account-incomplete');
  if (viewer.account.role !== 'admin') throw new Refused('forbidden');
  await next();
}

/** False for the first-run administrator until e-mail address and password are chosen. A way in is a password, or
 * an identity elsewhere. */
export function isComplete({ account }: SignedIn): boolean {
  return account.email !== null && (account.password_hash !== null || account.identity_count > 0);
}
