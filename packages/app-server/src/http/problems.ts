// Every refusal of the app server's own, beside those of a claim: one closed union, one table.
import { CLAIM_PROBLEMS, type ClaimRefusal, type Problem } from '@claimcheck/shared/problems';

export type AppRefusal =
  | ClaimRefusal
  | 'invalid-input'
  | 'not-signed-in'
  | 'wrong-credentials'
  | 'too-many-attempts'
  | 'account-incomplete'
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
  | 'database-unavailable'
  | 'sessions-unavailable'
  | 'busy'
  | 'internal-error';

export const APP_PROBLEMS = {
  ...CLAIM_PROBLEMS,
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
