// What a page says after something was done: the POST redirects with `?done=CODE`, and only codes
// from this table are ever shown.
import type { Context } from 'koa';
import type { Notice } from '../pages/index.js';
import { redirectTo } from './redirect-to.js';

const DONE = {
  uploaded: 'Uploaded.',
  deleted: 'Deleted. Its links no longer work.',
  revoked: 'Withdrawn. That link no longer works.',
  ended: 'Signed out there. Links made on that device no longer work.',
  'ended-others': 'Signed out everywhere else. Links made there no longer work.',
  'password-changed': 'Password changed. All your other devices have been signed out.',
  'account-added': 'Account added.',
  'account-disabled': 'Account disabled. It was signed out and its links no longer work.',
  'account-enabled': 'Account enabled.',
  'role-changed': 'Role changed. It acts at once.',
  'quota-changed': 'Quota saved.',
  'link-revoked': 'Withdrawn. The link and downloads under way by it no longer work.',
  'links-revoked': 'Withdrawn. None of those links works any more.',
  'link-changed': 'Changed.',
  'signed-out': 'Signed out.',
  'link-requested':
    'If that address has an account here, a mail with a link is on its way. It can take some minutes; look into the spam folder too.',
  'password-chosen': 'Password saved. Sign in with it.',
  invited: 'Invited. The mail with the link is on its way.',
  'invitation-withdrawn': 'Invitation withdrawn. Its link no longer works.',
  'mail-retried': 'It is being tried again.',
  'notices-saved': 'Saved.',
  'webhook-deleted': 'Webhook deleted.',
  'account-signed-out': 'Signed out everywhere. Links made there no longer work.',
  forgotten: 'Forgotten. That browser must sign in again once its session is over.',
  confirmed: 'Confirmed. Nothing else has been done yet: press the button once more.',
  'identity-connected': 'Connected. You can sign in with it from now on.',
  'identity-disconnected': 'Disconnected. Your other devices have been signed out.',
  'webhook-tested': 'A test is on its way; it appears among the deliveries.',
  'totp-added': 'Your authenticator app is set up.',
  'totp-removed': 'Your authenticator app was removed.',
  'passkey-added': 'Your passkey is set up.',
  'passkey-renamed': 'Renamed.',
  'passkey-deleted': 'That passkey no longer signs in here. Delete it from the device too.',
  'second-factor-removed': 'The second factor was removed.',
  'second-factor-required':
    'This server asks for a second factor. Set one up here, and you can go on.',
  'api-key-revoked': 'Revoked. The key and the claims that it minted no longer work.',
} as const;

export type Done = keyof typeof DONE;

/** The notice that the address asks for, if it is one of ours. */
export function noticeOf(ctx: Context): Notice | undefined {
  const code = ctx.query['done'];
  if (typeof code !== 'string' || !Object.hasOwn(DONE, code)) return undefined;
  return { kind: 'done', text: DONE[code as Done] };
}

/** Answers a form that did what it was for. */
export function redirectDone(ctx: Context, path: string, done: Done): void {
  redirectTo(ctx, `${path}?done=${done}`);
}
