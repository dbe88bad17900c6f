// Every refusal of the app server's own, beside those of a claim: one closed union, one table.
import { CLAIM_PROBLEMS, type ClaimRefusal, type Problem } from '@claimcheck/shared/problems';
import { LINK_PROBLEMS, type LinkRefusal } from './link-problems.js';

export type AppRefusal =
  | ClaimRefusal
  | LinkRefusal
  | 'invalid-input'
  | 'not-signed-in'
  | 'wrong-credentials'
  | 'too-many-attempts'
  | 'account-incomplete'
  | 'proof-needed'
  | 'sign-in-over'
  | 'provider-refused'
  | 'provider-unavailable'
  | 'proof-too-weak'
  | 'no-account'
  | 'not-a-peer'
  | 'mailed-links-off'
  | 'wrong-second-factor'
  | 'sign-in-expired'
  | 'passkey-refused'
  | 'second-factor-required'
  | 'too-many-sessions'
  | 'coming-back'
  | 'cross-site'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'file-missing'
  | 'file-changed'
  | 'too-large'
  | 'unsupported-media-type'
  | 'upload-broken-off'
  | 'storage-full'
  | 'quota-exceeded'
  | 'links-used-up'
  | 'database-unavailable'
  | 'sessions-unavailable'
  | 'busy'
  | 'internal-error'
  | 'invalid-key'
  | 'key-expired'
  | 'key-revoked'
  | 'insufficient-scope';

export const APP_PROBLEMS = {
  ...CLAIM_PROBLEMS,
  ...LINK_PROBLEMS,
  'ledger-unavailable': {
    status: 503,
    title: 'The server cannot reach its ledger',
    advice:
      'Nothing was handed out, and it is not certain that anything was taken back. Try again in a few seconds.',
    retryAfterSeconds: 2,
  },
  'invalid-input': {
    status: 422,
    title: 'Something in the request is not right',
    advice: 'Correct what is named and send it again.',
  },
  'not-signed-in': {
    status: 401,
    title: 'You are not signed in',
    advice: 'Sign in and try again.',
  },
  'wrong-credentials': {
    status: 401,
    title: 'E-mail or password is wrong',
    advice: 'Check both and try again.',
  },
  'too-many-attempts': {
    status: 429,
    title: 'Too many attempts',
    advice: 'Wait a little before you try again.',
  },
  'account-incomplete': {
    status: 403,
    title: 'Finish setting up your account',
    advice: 'Choose an e-mail address and a password first.',
  },
  'proof-needed': {
    status: 403,
    title: 'Confirm that it is you',
    advice: 'This action asks for your password again when the last time is over ten minutes ago.',
  },
  'sign-in-over': {
    status: 400,
    title: 'This sign-in cannot be finished',
    advice:
      'It was begun in another browser, has been finished already, or took too long. Nobody was signed in by it; begin again from the sign-in page.',
  },
  'provider-refused': {
    status: 403,
    title: 'You were not signed in',
    advice: 'The sign-in service gave no proof of who you are. Begin again from the sign-in page.',
  },
  'provider-unavailable': {
    status: 503,
    title: 'The sign-in service does not answer',
    advice:
      'Nothing is wrong with your account. Try again in a minute, or sign in another way if you have one.',
    retryAfterSeconds: 10,
  },
  'proof-too-weak': {
    status: 403,
    title: 'The sign-in service did not prove enough',
    advice:
      'This server asks for more than it has proven, most likely for a second factor. Set one up there, or ask an administrator.',
  },
  'no-account': {
    status: 403,
    title: 'You have no account here',
    advice: 'The sign-in service knows you, but no account here is yours. Ask an administrator.',
  },
  'not-a-peer': {
    status: 403,
    title: 'Nobody is handed over to or from there',
    advice:
      'Whoever runs this server has not named that one. If you did not expect this, close the page.',
  },
  'mailed-links-off': {
    status: 403,
    title: 'Mailed links are turned off here',
    advice: 'Sign in another way, or ask an administrator.',
  },
  'wrong-second-factor': {
    status: 401,
    title: 'That code is not right',
    advice:
      'Each code of an app works once, and for about a minute: wait for the next one, and see that the clock of your device is right. Each recovery code works once too.',
  },
  'sign-in-expired': {
    status: 401,
    title: 'This sign-in has ended',
    advice: 'Ten minutes went by before the second step. Sign in from the beginning.',
  },
  'passkey-refused': {
    status: 401,
    title: 'That passkey was not accepted',
    advice: 'Try again, or sign in another way.',
  },
  'second-factor-required': {
    status: 403,
    title: 'Set up a second factor first',
    advice: 'This server asks for one. Add an authenticator app or a passkey on your Account page.',
  },
  'too-many-sessions': {
    status: 409,
    title: 'You are signed in on too many devices',
    advice:
      'You were not signed in. End one of the others: GET /api/session/waiting lists them, POST {"end": id} to it ends one and signs you in.',
  },
  'coming-back': {
    status: 503,
    title: 'Your browser is just being signed in',
    advice: 'Another request of it came first. Try again in a second.',
    retryAfterSeconds: 1,
  },
  'cross-site': {
    status: 403,
    title: 'This request came from another site',
    advice:
      'Open the page itself and try again. Programs send an Origin header with this server’s origin.',
  },
  forbidden: {
    status: 403,
    title: 'Your account may not do this',
    advice: 'Ask an administrator.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    advice: 'It may have been deleted, or the address is wrong.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    advice: 'The Allow header lists those it takes.',
  },
  conflict: { status: 409, title: 'That is already taken', advice: 'Choose another.' },
  'file-missing': {
    status: 409,
    title: 'The file is gone from storage',
    advice: 'Upload it again.',
  },
  'file-changed': {
    status: 409,
    title: 'The file was changed in storage',
    advice: 'Its content is no longer what was uploaded. Upload it again.',
  },
  'too-large': { status: 413, title: 'The file is too large', advice: 'Nothing of it was kept.' },
  'unsupported-media-type': {
    status: 415,
    title: 'This kind of body is not understood',
    advice: 'Send application/json.',
  },
  'upload-broken-off': {
    status: 400,
    title: 'The upload broke off',
    advice: 'Nothing of it was kept. Try again.',
  },
  'storage-full': {
    status: 507,
    title: 'There is no room left for this file',
    advice: 'Nothing of it was kept. Tell whoever runs this server.',
  },
  // 413 and not 507: it is the sender's to mend, and must not ring for whoever runs the server.
  'quota-exceeded': {
    status: 413,
    title: 'Your storage is used up',
    advice: 'Nothing of it was kept. Delete files, or ask an administrator for more.',
  },
  'links-used-up': {
    status: 429,
    title: 'You have made as many links as you may within a day',
    advice: 'None was made. Try again later, or ask an administrator for more.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The server cannot reach its database',
    advice: 'Try again in a few seconds.',
    retryAfterSeconds: 2,
  },
  'sessions-unavailable': {
    status: 503,
    title: 'The server cannot reach its sessions',
    advice: 'You have not been signed out. Try again in a few seconds.',
    retryAfterSeconds: 2,
  },
  busy: {
    status: 503,
    title: 'Too many people are signing in just now',
    advice: 'Try again in a few seconds.',
    retryAfterSeconds: 2,
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong on our side',
    advice: 'It has been recorded. Quote the request id when you ask for help.',
  },
  'invalid-key': {
    status: 401,
    title: 'This API key is not valid',
    advice: 'Look whether it was copied whole; make a new one on the API keys page.',
  },
  'key-expired': {
    status: 401,
    title: 'This API key has expired',
    advice: 'Make a new one on the API keys page.',
  },
  'key-revoked': {
    status: 401,
    title: 'This API key was revoked',
    advice: 'Its owner has taken it back. Make a new one on the API keys page.',
  },
  'insufficient-scope': {
    status: 403,
    title: 'This API key may not do this',
    advice: 'Make one that may, or sign in.',
  },
} as const satisfies Record<AppRefusal, Problem>;

/** Thrown to refuse a request; the first middleware turns it into a problem or a page. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: AppRefusal;
  /** Told to the client instead of the general advice. */
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: AppRefusal,
    detail?: string,
    options: { retryAfterSeconds?: number } & ErrorOptions = {},
  ) {
    super(detail ?? code, options);
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
