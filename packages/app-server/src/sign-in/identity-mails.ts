// The words of the mails about one's own account. They name no browser and no address of whoever asked:
// such lines are easily forged and teach people to trust them.
import { layOutMail, quote, type MailContent } from '../mail/lay-out-mail.js';
import type { AppConfig } from '../config.js';
import type { IdentityPurpose } from '../database/schema.js';

/** What words of mails depend on. */
export type MailedFrom = Pick<AppConfig, 'appOrigin' | 'mailedLinks'>;

export interface IdentityMail {
  subject: string;
  text: string;
  html: string;
}

/** The mail that brings a link. */
export function linkMail(
  purpose: Exclude<IdentityPurpose, 'accept-invitation'>,
  { url, appOrigin, lifeMs }: { url: string; appOrigin: string; lifeMs: number },
): IdentityMail {
  const signIn = purpose === 'sign-in';
  const life = `It works once, within ${Math.round(lifeMs / 60_000)} minutes, in whatever browser you open it.`;
  const subject = signIn ? 'Your sign-in link' : 'Choose a new password';
  return mailOf(subject, appOrigin, {
    heading: subject,
    paragraphs: [
      [
        signIn
          ? `Somebody, most likely you, asked for a link to sign in at ${appOrigin}.`
          : `Somebody, most likely you, asked for a new password at ${appOrigin}.`,
      ],
      [life],
    ],
    action: { label: signIn ? 'Sign in' : 'Choose a new password', url },
    closing: [
      ['If it was not you, do nothing: without this mail nobody gets in, and nothing has changed.'],
    ],
  });
}

export function invitationMail({
  url,
  appOrigin,
  invitedBy,
}: {
  url: string;
  appOrigin: string;
  invitedBy: string;
}): IdentityMail {
  return mailOf('You are invited', appOrigin, {
    heading: 'You are invited',
    paragraphs: [
      [quote(invitedBy), ` has made an account for you at ${appOrigin}.`],
      ['Choose your password to use it. The link works once, within seven days.'],
    ],
    action: { label: 'Choose your password', url },
    closing: [['If you do not know the person, do nothing: the invitation ends by itself.']],
  });
}

/** How to get a new password from this server, to follow “to choose a new password”. */
export function howToReset({ appOrigin, mailedLinks }: MailedFrom): string {
  return mailedLinks['reset-password']
    ? `open ${appOrigin}/sign-in and press “Forgot your password?”`
    : 'ask whoever runs the server for a link to it';
}

export function passwordChangedMail(config: MailedFrom): IdentityMail {
  const { appOrigin } = config;
  return mailOf('Your password was changed', appOrigin, {
    heading: 'Your password was changed',
    paragraphs: [
      [
        `The password of your account at ${appOrigin} has just been changed, and your other devices were signed out.`,
      ],
      ['If it was you, there is nothing to do.'],
    ],
    closing: [
      [
        `If it was not you, choose a new password at once: ${howToReset(config)}. Then tell whoever runs the server.`,
      ],
    ],
  });
}

export function secretStolenMail(appOrigin: string): IdentityMail {
  return mailOf('Somebody may have copied your sign-in', appOrigin, {
    heading: 'Somebody may have copied your sign-in',
    paragraphs: [
      [
        `A browser where you had chosen to stay signed in at ${appOrigin} was signed out just now. What it keeps for that was used twice, so somebody else may have a copy of it.`,
      ],
      ['Everything that was begun with it has ended, and neither copy works any more.'],
    ],
    closing: [
      [
        `Look for harmful programs on your device. Then sign in again at ${appOrigin}/sign-in, look at your devices, and change your password. Tell whoever runs the server.`,
      ],
    ],
  });
}

/** In the layout of all mails about one's own account. */
export function mailOf(
  subject: string,
  appOrigin: string,
  content: Omit<MailContent, 'footer'>,
): IdentityMail {
  const footer = [[`Sent by claimcheck at ${appOrigin}, because it is about your own account.`]];
  return { subject, ...layOutMail({ ...content, footer }) };
}
