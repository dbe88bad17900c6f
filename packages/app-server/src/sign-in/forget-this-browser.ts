// The browser in front of us is to be remembered no longer: its owner signs out, or somebody signs in anew.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { sessionOf } from '../sessions/load-session.js';
import { readRememberCookie } from '../sessions/remember-cookie.js';
import { findByToken, forgetBrowsers } from '../sessions/remembered-browsers.js';

/**
 * Forgets what the remember cookie and the session of this request belong to. The cookie must hold a secret of
 * ours: a selector alone takes nothing from anybody.
 */
export async function forgetThisBrowser(ctx: Context, { db }: IdentityContext): Promise<void> {
  const session = sessionOf(ctx);
  if (session && session.rememberedId !== null) {
    await forgetBrowsers(db, { account: session.accountId, id: session.rememberedId });
  }
  const token = readRememberCookie(ctx);
  const browser = token && (await findByToken(db, token));
  if (browser) await forgetBrowsers(db, { account: browser.account_id, id: browser.id });
}
