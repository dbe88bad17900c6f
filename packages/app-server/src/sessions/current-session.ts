// The session of a request that must have one. Apart from the routes, because guards and proofs need it too.
import type { Context } from 'koa';
import { Refused } from '../http/problems.js';
import { sessionOf } from './load-session.js';
import type { Session } from './session-store.js';

/** @throws Refused `not-signed-in`. */
export function currentSession(ctx: Context): Session {
  const session = sessionOf(ctx);
  if (session === undefined) throw new Refused('not-signed-in');
  return session;
}
