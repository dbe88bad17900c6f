// The mail that brings a link: what, from whom, how long, and what to expect when it is opened. Text
// and HTML say the same; nothing in it is fetched from anywhere, and nothing tells that it was read.
import { renderToString } from 'preact-render-to-string';
import { formatSize } from '#browser/format-size.js';
import { formatTime } from '../pages/format-time.js';
import { plainName } from '../pages/file-name.js';

export interface LinkMailProps {
  url: string;
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

export interface LinkMail {
  subject: string;
  text: string;
  html: string;
}

/** Pure. */
export function renderLinkMail(props: LinkMailProps): LinkMail {
  const name = plainName(props.fileName);
  const short = name.length > MAX_NAME_IN_SUBJECT ? `${name.slice(0, MAX_NAME_IN_SUBJECT)}…` : name;
  return {
    subject: `${props.sender} sent you “${short.toWellFormed()}”`,
    text: renderText(props, name),
    html: `<!doctype html>${renderToString(<MailBody {...props} fileName={name} />)}`,
  };
}

function renderText(props: LinkMailProps, name: string): string {
  const { sender, url, message } = props;
  return [
    `${sender} sent you a file:`,
    '',
    `${name} (${formatSize(props.sizeBytes)})`,
    ...(message === null ? [] : ['', ...message.split('\n').map((line) => `> ${line}`)]),
    '',
    'Open this page and press Download there:',
    '',
    url,
    '',
    ...termsOf(props),
    '',
    'You did not expect this file? Then ask the sender before you open it.',
    '',
  ].join('\n');
}

/** What holds for the link, a sentence each. */
function termsOf({ copies, expiresAt, needsCode }: LinkMailProps): string[] {
  return [
    `The link works until ${formatTime(expiresAt)}, for ${copies === 1 ? 'one download' : `${copies} downloads`}. Opening the page uses nothing up.`,
    ...(needsCode
      ? ['The page asks for a six-digit code. The sender gives it to you by another way.']
      : []),
  ];
}

function MailBody(props: LinkMailProps) {
  const { sender, fileName, sizeBytes, message, url } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>A file for you</title>
      </head>
      <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">
        <p>
          <bdi>{sender}</bdi> sent you a file:
        </p>
        <p>
          <strong>
            <bdi>{fileName}</bdi>
          </strong>{' '}
          ({formatSize(sizeBytes)})
        </p>
        {message !== null && (
          <blockquote style="white-space: pre-wrap; margin: 1em 0; padding-left: 1em; border-left: 3px solid #999">
            {message}
          </blockquote>
        )}
        <p>
          <a href={url}>Open the download page</a>, and press Download there. If the link does not
          open, copy it:
          <br />
          {url}
        </p>
        {termsOf(props).map((term) => (
          <p key={term}>{term}</p>
        ))}
        <p>You did not expect this file? Then ask the sender before you open it.</p>
      </body>
    </html>
  );
}
