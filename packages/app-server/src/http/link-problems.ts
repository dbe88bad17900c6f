// What the recipient of a mailed link can be refused with. A part of `problems.ts`; the words are for somebody
// without an account, who may be worried.
import type { Problem } from '@claimcheck/shared/problems';

export const LINK_PROBLEMS = {
  'not-pressed': {
    status: 409,
    title: 'Press the button once more',
    advice:
      'We could not tell that a person pressed it, so nothing was handed out. Programs send the fields of the page’s form, at least a second after they fetched it.',
  },
  'wrong-code': {
    status: 403,
    title: 'That is not the code',
    advice: 'The sender has it, and passes it on outside this link. Nothing was handed out.',
  },
  'link-unknown': {
    status: 404,
    title: 'There is no such link',
    advice:
      'It may have been cut short on its way to you. Open it from the mail itself or copy the whole of it, up to 32 letters and digits after “/l/”; if that does not help, ask the sender to send it again.',
  },
  'link-replaced': {
    status: 410,
    title: 'A newer link was sent in place of this one',
    advice: 'Look for the newest mail from the same sender and use the link in it.',
  },
  'link-expired': {
    status: 410,
    title: 'This link has expired',
    advice:
      'The file was not handed out by it any more. Ask the sender to extend it or to send it again.',
  },
  'link-revoked': {
    status: 410,
    title: 'This link was withdrawn',
    advice:
      'The sender has taken it back. You did nothing wrong; ask them if you still need the file.',
  },
  'link-file-gone': {
    status: 410,
    title: 'The file is no longer there',
    advice: 'It was deleted after the link was sent. Ask the sender for it.',
  },
  'link-sender-gone': {
    status: 410,
    title: 'This link no longer works',
    advice: 'The account that sent it has been closed here. Ask the sender by another way.',
  },
  'link-used': {
    status: 410,
    title: 'This link has been used up',
    advice:
      'As many copies have been handed out as the sender allowed. If one of them is yours, look in your downloads. If not, tell the sender: somebody else had the link.',
  },
} as const satisfies Record<string, Problem>;

export type LinkRefusal = keyof typeof LINK_PROBLEMS;
