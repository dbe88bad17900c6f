// The one layout of every mail, as text and as HTML that say the same. No image, no remote content, no
// script, nothing that tells anybody that the mail was opened. Pure.

/** A name or other text of somebody's choosing: kept apart from the words around it (UAX #9). */
export interface Quoted {
  quoted: string;
}

/** A paragraph: words of ours with quoted texts in between. */
export type Paragraph = readonly (string | Quoted)[];

export interface MailContent {
  heading: string;
  paragraphs: readonly Paragraph[];
  /** What a person writes along, with its line breaks; set apart as theirs. */
  message?: string;
  /** The one thing to do; the address is also written out, to be copied. */
  action?: { label: string; url: string };
  /** Below the action. */
  closing?: readonly Paragraph[];
  /** Small print: why this mail came, how to have no more of them. */
  footer: readonly Paragraph[];
}

const FONT = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif';
const BUTTON =
  'display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4f8f;color:#ffffff;text-decoration:none;font-weight:600';

const MESSAGE =
  'white-space:pre-wrap;word-break:break-word;margin:16px 0;padding-left:16px;border-left:3px solid #999999';

/** A text of somebody's choosing. Line breaks in it become spaces: it cannot look like our words. */
export function quote(text: string): Quoted {
  return { quoted: text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, ' ') };
}

export function layOutMail(content: MailContent): { text: string; html: string } {
  return { text: layOutText(content), html: layOutHtml(content) };
}

function layOutText(content: MailContent): string {
  const { heading, paragraphs, message, action, closing = [], footer } = content;
  const blocks = [
    heading,
    ...paragraphs.map(plain),
    ...(message === undefined ? [] : [quotedLines(message)]),
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    ...closing.map(plain),
    // RFC 3676 section 4.3: what follows this line is a signature, which clients set apart.
    `-- \n${footer.map(plain).join('\n')}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

function layOutHtml(content: MailContent): string {
  const { heading, paragraphs, message, action, closing = [], footer } = content;
  const button =
    action &&
    `<p style="margin:24px 0"><a href="${escape(action.url)}" style="${BUTTON}">${escape(action.label)}</a></p>` +
      `<p style="font-size:14px">Or copy this address:<br><span style="word-break:break-all">${escape(action.url)}</span></p>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark"></head>',
    `<body style="margin:0;padding:24px;${FONT};font-size:16px;line-height:1.5">`,
    '<div style="max-width:560px;margin:0 auto">',
    `<h1 style="font-size:20px;line-height:1.3">${escape(heading)}</h1>`,
    ...paragraphs.map(htmlParagraph),
    message === undefined
      ? ''
      : `<blockquote dir="auto" style="${MESSAGE}">${escape(message.toWellFormed())}</blockquote>`,
    button ?? '',
    ...closing.map(htmlParagraph),
    '<hr style="border:0;border-top:1px solid #999999;margin:24px 0">',
    `<p style="font-size:13px">${footer.map(markUp).join('<br>')}</p>`,
    '</div></body></html>',
  ].join('\n');
}

/** As mails quote: no line of it can pass for one of ours, or end them (RFC 3676 section 4.5). */
function quotedLines(message: string): string {
  return message.toWellFormed().replace(/^/gm, '> ');
}

/** U+2068 and U+2069 isolate a text whose direction is its own; also for right-to-left names. */
function plain(paragraph: Paragraph): string {
  return paragraph
    .map((part) => (typeof part === 'string' ? part : `\u2068${part.quoted}\u2069`))
    .join('');
}

function markUp(paragraph: Paragraph): string {
  return paragraph
    .map((part) =>
      typeof part === 'string'
        ? linked(part)
        : `<bdi style="word-break:break-word"><b>${escape(part.quoted)}</b></bdi>`,
    )
    .join('');
}

/** Addresses in words of ours; quoted texts never pass here. */
function linked(text: string): string {
  return escape(text).replace(/https?:\/\/[^\s<>"]+[^\s<>".,]/g, '<a href="$&">$&</a>');
}

function htmlParagraph(paragraph: Paragraph): string {
  return `<p>${markUp(paragraph)}</p>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
