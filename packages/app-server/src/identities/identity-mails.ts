// The words of the mails about an account's other identities. Whoever did not connect one must learn of it.
import { layOutMail, quote, type MailContent } from '../mail/lay-out-mail.js';
import type { IdentityMail } from '../sign-in/identity-mails.js';

/** @param email the address there, chosen there. */
export function identityConnectedMail(
  appOrigin: string,
  issuerName: string,
  email: string | null,
): IdentityMail {
  const who = email === null ? [] : [' (as ', quote(email), ')'];
  return mailOf('Another way into your account', appOrigin, [
    ['Your account at ', appOrigin, ' can now be entered through ', quote(issuerName), ...who, '.'],
    ['If it was you, there is nothing to do.'],
  ]);
}

export function identityDisconnectedMail(appOrigin: string, issuerHost: string): IdentityMail {
  return mailOf('A way into your account was removed', appOrigin, [
    ['Your account at ', appOrigin, ' can no longer be entered through ', issuerHost, '.'],
    ['Your other devices were signed out. If it was you, there is nothing to do.'],
  ]);
}

/** For somebody who asked for a new password and has none: the account is entered elsewhere. */
export function entersElsewhereMail(appOrigin: string, issuerName: string): IdentityMail {
  const subject = 'How you sign in';
  return {
    subject,
    ...layOutMail({
      heading: subject,
      paragraphs: [
        ['Somebody, most likely you, asked for a link or a new password at ', appOrigin, '.'],
        ['Your account has no password here: you sign in through ', quote(issuerName), '.'],
      ],
      action: { label: 'Sign in', url: `${appOrigin}/sign-in` },
      closing: [['If it was not you, do nothing: nothing has changed.']],
      footer: footerOf(appOrigin),
    }),
  };
}

function mailOf(
  subject: string,
  appOrigin: string,
  paragraphs: MailContent['paragraphs'],
): IdentityMail {
  return {
    subject,
    ...layOutMail({
      heading: subject,
      paragraphs,
      action: { label: 'Look at your account', url: `${appOrigin}/account/identities` },
      closing: [['If it was not you, change your password, and tell whoever runs the server.']],
      footer: footerOf(appOrigin),
    }),
  };
}

function footerOf(appOrigin: string) {
  return [[`Sent by claimcheck at ${appOrigin}, because it is about your own account.`]];
}
