// The pure rules of links, for tests of the rules themselves. Nothing else imports it.
export { BUTTON, checkPress, stampView, type PressSource } from './check-press.js';
export { chooseCopy, type CopyStanding } from './choose-copy.js';
export { toCsv } from '../http/write-csv.js';
export { hashOfHandle, newHandle } from '../mailed-handle.js';
export { waitAfter } from './link-code.js';
export { composeLinkMail } from './link-mail.js';
