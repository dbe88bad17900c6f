// The words of the mail that brings a link: what, from whom, how long, and what to expect when it is
// opened. Pure; how it looks is the one layout of all mails.
import { formatSize } from '#browser/format-size.js';
import { layOutMail, quote, type Paragraph } from '../mail/lay-out-mail.js';
import { plainName } from '../pages/file-name.js';
import { formatTime } from '../pages/format-time.js';

export interface LinkMailFacts {
  url: string;
  appOrigin: string;
  /** The sender's e-mail address. */
  sender: string;
  fileName: string;
  sizeBytes: number;
  copies: number;
  expiresAt: Date;
  message: string | null;
  /** Whether the recipient needs the six digits that come by another way. */
  needsCode: boolean;
}

/** A subject line stays one line, and short enough that mail programs show it. */
const MAX_NAME_IN_SUBJECT = 80;

export function composeLinkMail(facts: LinkMailFacts): {
  subject: string;
  text: string;
  html: string;
} {
  const { sender, sizeBytes, message, url, appOrigin } = facts;
  const name = plainName(facts.fileName);
  const short = name.length > MAX_NAME_IN_SUBJECT ? `${name.slice(0, MAX_NAME_IN_SUBJECT)}…` : name;
  return {
    subject: `${sender} sent you “${short.toWellFormed()}”`,
    ...layOutMail({
      heading: 'A file for you',
      paragraphs: [[quote(sender), ' sent you ', quote(name), ` (${formatSize(sizeBytes)}).`]],
      ...(message === null ? {} : { message }),
      action: { label: 'Open the download page', url },
      closing: [
        ...termsOf(facts),
        ['You did not expect this file? Then ask the sender before you open it.'],
      ],
      footer: [[`Sent by claimcheck at ${appOrigin}, because `, quote(sender), ' asked for it.']],
    }),
  };
}

/** What holds for the link, a paragraph each. */
function termsOf({ copies, expiresAt, needsCode }: LinkMailFacts): Paragraph[] {
  const often = copies === 1 ? 'one download' : `${copies} downloads`;
  return [
    [
      `Press Download there. The link works until ${formatTime(expiresAt)}, for ${often}. Opening the page uses nothing up.`,
    ],
    ...(needsCode
      ? [['The page asks for a six-digit code. The sender gives it to you by another way.']]
      : []),
  ];
}
