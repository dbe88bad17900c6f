// Who is acting in a request, for the trail: the signed-in account, or a visitor, and the address they
// come from.
import type { Context } from 'koa';
import type { SignedIn } from '../context.js';
import type { Actor } from './record-audit.js';

/** `actorId` is null when nobody is signed in. */
export function actorOf(ctx: Context): Actor {
  const viewer = ctx.state['viewer'] as SignedIn | undefined;
  return { actorId: viewer?.account.id ?? null, address: ctx.ip };
}
