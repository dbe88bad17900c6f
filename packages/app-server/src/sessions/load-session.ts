// From the cookie to the person, at the beginning of a request. The session holds an account id and
// nothing else: role and being disabled are read from SQL each time, so both act at the next request.
import type { Context, Next } from 'koa';
import type { IdentityContext, SignedIn } from '../context.js';
import type { Account } from '../database/schema.js';
import { noteReceived } from './remembered-browsers.js';
import { readIdCookie, SESSION_COOKIE } from './session-cookie.js';
import { hashOfId, type Session } from './session-store.js';

/** A session in use is noted at most this often, in milliseconds. */
const TOUCH_EVERY_MS = 60_000;

/** Middleware: sets `ctx.state.viewer` and `ctx.state.session` when somebody is signed in. */
export function createLoadSession(context: IdentityContext) {
  const { sessions, db, now } = context;
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
        await noteUse(session, requestedAtMs);
        enter(ctx, context, { account, session, requestedAtMs });
      }
    }
    await next();
  };

  async function noteUse(session: Session, nowMs: number): Promise<void> {
    const { lastSeenAtMs, createdAtMs, rememberedId, reference } = session;
    // The first use shows that the browser got what it was sent, the new secret included.
    const isFirst = rememberedId !== null && lastSeenAtMs <= createdAtMs;
    if (isFirst) await noteReceived(db, rememberedId, reference);
    if (isFirst || nowMs - lastSeenAtMs >= TOUCH_EVERY_MS) {
      await sessions.touch(session, Math.max(nowMs, createdAtMs + 1));
    }
  }
}

export interface Entering {
  account: Account;
  session: Session;
  /** When the request began, before any permission was read. */
  requestedAtMs: number;
}

/** From here on the request is one of this person's. */
export function enter(
  ctx: Context,
  { sessions }: Pick<IdentityContext, 'sessions'>,
  { account, session, requestedAtMs }: Entering,
): void {
  ctx.state['session'] = session;
  ctx.state['viewer'] = {
    account,
    sessionReference: session.reference,
    requestedAtMs,
    isStillSignedIn: async () => {
      if (await sessions.find(session.idHash, requestedAtMs)) return true;
      // It may have got another id since, by a proof in another tab.
      const own = await sessions.list(session.accountId, requestedAtMs);
      return own.some(({ reference }) => reference === session.reference);
    },
  } satisfies SignedIn;
}

/** The session of this request, when somebody is signed in. */
export function sessionOf(ctx: Context): Session | undefined {
  return ctx.state['session'] as Session | undefined;
}
