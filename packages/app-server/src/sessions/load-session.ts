// From the cookie to the person, at the beginning of a request. The session holds an account id and
// nothing else: role and being disabled are read from SQL each time, so both act at the next request.
import type { Context, Next } from 'koa';
import type { IdentityContext, SignedIn } from '../context.js';
import { readIdCookie, SESSION_COOKIE } from './session-cookie.js';
import { hashOfId, type Session } from './session-store.js';

/** A session in use is noted at most this often, in milliseconds. */
const TOUCH_EVERY_MS = 60_000;

/** Middleware: sets `ctx.state.viewer` and `ctx.state.session` when somebody is signed in. */
export function createLoadSession({ sessions, db, now }: IdentityContext) {
  return async function loadSession(ctx: Context, next: Next): Promise<void> {
    const requestedAtMs = now();
    const id = readIdCookie(ctx, SESSION_COOKIE);
    const session = id && (await sessions.find(hashOfId(id), requestedAtMs));
    if (session) {
      const account = await db
        .selectFrom('account')
        .selectAll()
        .where('id', '=', session.accountId)
        .executeTakeFirst();
      if (account !== undefined && account.disabled_at === null) {
        if (requestedAtMs - session.lastSeenAtMs >= TOUCH_EVERY_MS) {
          await sessions.touch(session, requestedAtMs);
        }
        ctx.state['session'] = session;
        ctx.state['viewer'] = {
          account,
          sessionReference: session.reference,
          requestedAtMs,
          isStillSignedIn: () => isStillThere(session, requestedAtMs),
        } satisfies SignedIn;
      }
    }
    await next();
  };

  /** It may have got another id since, by a proof in another tab. */
  async function isStillThere(session: Session, nowMs: number): Promise<boolean> {
    if (await sessions.find(session.idHash, nowMs)) return true;
    const own = await sessions.list(session.accountId, nowMs);
    return own.some(({ reference }) => reference === session.reference);
  }
}

/** The session of this request, when somebody is signed in. */
export function sessionOf(ctx: Context): Session | undefined {
  return ctx.state['session'] as Session | undefined;
}
