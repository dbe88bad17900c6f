// Mailed links can be turned off, those that sign in and those to a new password each (`SIGN_IN_LINKS`,
// `RESET_LINKS`): then a mailbox opens nothing (OWASP ASVS 5.0, 6.3.6). Whoever asks for one or presses one that
// was mailed before is told so, and what there is instead.
import type { AppConfig } from '../config.js';
import { Refused } from '../http/problems.js';

/** Which links mails may bring. An invitation is no way into an account: nobody has come to that yet. */
export interface MailedLinks {
  'sign-in': boolean;
  'reset-password': boolean;
}

type Deps = Pick<AppConfig, 'mailedLinks' | 'provider'>;

/** @throws Refused `mailed-links-off` where links of this kind are not mailed; whoever asks, for whomever. */
export function refuseAskedFor(config: Deps, purpose: keyof MailedLinks): void {
  if (config.mailedLinks[purpose]) return;
  const what =
    purpose === 'sign-in'
      ? 'This server mails no links to sign in with'
      : 'This server mails no links to a new password';
  throw new Refused('mailed-links-off', `${what}. ${insteadOf(config, purpose)}`);
}

/** @throws Refused `mailed-links-off` for a link that was mailed, where such ones are not good any more. */
export function refuseMailed(config: Deps, purpose: keyof MailedLinks): void {
  if (config.mailedLinks[purpose]) return;
  const what =
    purpose === 'sign-in' ? 'sign in with mailed links' : 'mailed links to a new password';
  const off = `Whoever runs this server has turned off ${what}, also those that were mailed before.`;
  throw new Refused('mailed-links-off', `${off} ${insteadOf(config, purpose)}`);
}

function insteadOf({ provider }: Deps, purpose: keyof MailedLinks): string {
  if (purpose === 'reset-password') {
    return 'Ask an administrator: they can make you a link to a new password.';
  }
  const elsewhere = provider === undefined ? '' : `, or with ${provider.name}`;
  return `Sign in with your password or a passkey${elsewhere}.`;
}
