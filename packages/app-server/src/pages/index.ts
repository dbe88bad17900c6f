// The pages, as the back end sees them: functions from plain data to a whole HTML document.
export * from './props.js';
export { renderSignIn, renderSignInLink, renderWelcome } from './entry.js';
export type { SignInLinkProps, SignInProps, WelcomeProps } from './entry.js';
export { renderFiles, type FilesProps } from './files.js';
export { renderCurl, type CurlProps } from './curl.js';
export { renderClaims, type ClaimsProps } from './claims.js';
export { renderDevices, type DevicesProps } from './devices.js';
export { renderAccount, type AccountProps } from './account.js';
export { renderAccounts, type AccountsProps } from './accounts.js';
export { renderProblem, type ProblemProps } from './problem.js';
export { curlCommand, savedName, wgetCommand } from '#browser/command-line.js';
export { formatProgress, formatSize } from '#browser/format-size.js';
export { formatTime } from './format-time.js';
export { describeMediaType } from './media-type.js';
export { readUserAgent } from './read-user-agent.js';
