// Every refusal of the download server, as one closed union and one table, and the error that carries
// one up to the middleware that answers it. None of them burns a claim, but for a burn whose answer was lost.
import { CLAIM_PROBLEMS, type ClaimRefusal, type Problem } from '@claimcheck/shared/problems';

export type Refusal =
  | ClaimRefusal
  | 'file-missing'
  | 'file-changed'
  | 'busy'
  | 'not-in-advance'
  | 'precondition-failed'
  | 'range-not-satisfiable'
  | 'not-found'
  | 'method-not-allowed'
  | 'uri-too-long'
  | 'internal-error';

export const DOWNLOAD_PROBLEMS = {
  ...CLAIM_PROBLEMS,
  'file-missing': {
    status: 404,
    title: 'The file is no longer there',
    advice:
      'It was moved or deleted after this link was made. Your link has not been used up. Ask whoever sent it to you.',
  },
  'file-changed': {
    status: 409,
    title: 'The file was changed after this link was made',
    advice:
      'Nothing was handed out, since it would not be what was meant for you. Ask for a new link where you got this one.',
  },
  busy: {
    status: 503,
    title: 'We cannot start your download just now',
    advice:
      'Too much is going on here at the moment. Nothing was handed out and your link has not been used up. Try again in a few seconds.',
    retryAfterSeconds: 2,
  },
  'not-in-advance': {
    status: 503,
    title: 'Not fetched in advance',
    advice:
      'This link works once only, so a program may not fetch it ahead of you. It has not been used up: open it yourself.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The file is not the version you asked for',
    advice: 'Nothing was handed out and your link has not been used up.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The file has no such part',
    advice:
      'Your program asked for a part beyond the end of the file; perhaps it has all of it already. This request has used up nothing. If the file is not complete, start again from its beginning.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    advice: 'The address is not one of a download. Copy the whole link that you were given.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    advice: 'The Allow header lists those it takes. Your link has not been used up.',
  },
  'uri-too-long': {
    status: 414,
    title: 'This link is too long',
    advice:
      'Something was added to it on its way to you. Copy the link again, or ask for a new one.',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong on our side',
    advice: 'Try again. If it stays like this, quote the request id to whoever sent you the link.',
  },
} as const satisfies Record<Refusal, Problem>;

export interface RefusedOptions extends ErrorOptions {
  /** What exactly happened, for the log only. Never a token. */
  reason?: string;
  /** Headers that belong to the answer, such as Allow. */
  headers?: Readonly<Record<string, string>>;
}

/** Thrown by a step to refuse a request; no byte of the file was sent. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: Refusal;
  readonly reason: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Refusal, { reason, headers = {}, ...options }: RefusedOptions = {}) {
    super(reason === undefined ? code : `${code}: ${reason}`, options);
    this.code = code;
    this.reason = reason;
    this.headers = headers;
  }
}
