// The words of the mails about second factors. They hold no code, and no address or browser of whoever did
// it: such lines are easily forged and teach people to trust them.
import type { Paragraph } from '../mail/lay-out-mail.js';
import { quote } from '../mail/lay-out-mail.js';
import {
  howToReset,
  mailOf,
  type IdentityMail,
  type MailedFrom,
} from '../sign-in/identity-mails.js';

export type FactorNews =
  | { kind: 'totp-added' | 'totp-replaced' | 'totp-removed' | 'codes-made' }
  | { kind: 'passkey-added' | 'passkey-removed' | 'copy-suspected'; name: string }
  | { kind: 'code-used'; left: number }
  | { kind: 'taken-away' | 'wrong-codes' };

export function factorMail(news: FactorNews, config: MailedFrom): IdentityMail {
  const { appOrigin } = config;
  const { subject, what } = wordsOf(news, config.mailedLinks['sign-in']);
  return mailOf(subject, appOrigin, {
    heading: subject,
    paragraphs: [what, [`It is about your account at ${appOrigin}.`]],
    closing: [adviceOn(news, config)],
  });
}

/** @param mailed whether a mailed link signs in too. */
function wordsOf(news: FactorNews, mailed: boolean): { subject: string; what: Paragraph } {
  switch (news.kind) {
    case 'totp-added':
      return {
        subject: 'An authenticator app was added',
        what: [
          `From now on, signing in with your password${orLink(mailed)} also takes a second factor.`,
        ],
      };
    case 'totp-replaced':
      return {
        subject: 'Another authenticator app took the place of yours',
        what: ['Codes of the app that you used before no longer count.'],
      };
    case 'totp-removed':
      return {
        subject: 'Your authenticator app was removed',
        what: ['Its codes no longer count.'],
      };
    case 'codes-made':
      return {
        subject: 'New recovery codes were made',
        what: ['Recovery codes that you had before no longer count.'],
      };
    case 'passkey-added':
      return {
        subject: 'A passkey was added',
        what: [
          'The passkey ',
          quote(news.name),
          ' can sign in to your account now, without your password.',
        ],
      };
    case 'passkey-removed':
      return {
        subject: 'A passkey was removed',
        what: ['The passkey ', quote(news.name), ' can no longer sign in.'],
      };
    case 'copy-suspected':
      return {
        subject: 'One of your passkeys may have been copied',
        what: [
          'The passkey ',
          quote(news.name),
          ' was refused: it has counted fewer uses than we have seen of it, as a copy would.',
        ],
      };
    case 'code-used':
      return {
        subject: 'A recovery code was used',
        what: [
          `Somebody, most likely you, used one of your recovery codes. ${
            news.left === 1 ? 'One is left.' : `${news.left} are left.`
          }`,
        ],
      };
    case 'taken-away':
      return {
        subject: 'Your second factor was removed by an administrator',
        what: [
          `Your authenticator app, passkeys and recovery codes no longer count: your password${orLink(mailed)} is enough to sign in until you set up new ones.`,
        ],
      };
    case 'wrong-codes':
      return {
        subject: 'Somebody could not give your second factor',
        what: [
          `Somebody got past the first step of signing in, with your password${mailed ? ' or by a link from your mailbox' : ''}, and then gave several wrong codes. They are not in.`,
        ],
      };
    default:
      return news satisfies never;
  }
}

function orLink(mailed: boolean): string {
  return mailed ? ' or a mailed link' : '';
}

function adviceOn({ kind }: FactorNews, config: MailedFrom): Paragraph {
  const { appOrigin, mailedLinks } = config;
  const reset = howToReset(config);
  const reading = mailedLinks['sign-in'] || mailedLinks['reset-password'];
  switch (kind) {
    case 'wrong-codes':
      return [
        reading
          ? `If it was you, there is nothing to do. If not, they know your password or read your mail: for a new password ${reset}, and look after your mailbox.`
          : `If it was you, there is nothing to do. If not, they know your password: for a new one ${reset}.`,
      ];
    case 'copy-suspected':
      return [
        `Sign in some other way, remove this passkey at ${appOrigin}/account/second-factor and add a new one.`,
      ];
    case 'taken-away':
      return [
        `Set up a new one at ${appOrigin}/account/second-factor. If you have not asked for this, tell whoever runs the server.`,
      ];
    default:
      return [
        `If it was you, there is nothing to do. If not, choose a new password at once (${reset}), end your sessions at ${appOrigin}/devices, and tell whoever runs the server.`,
      ];
  }
}
