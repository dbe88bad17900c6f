// Every refusal a client can meet, as one closed union and one table: a case that is forgotten does
// not compile. `type` on the wire is `urn:claimcheck:problem:<code>` (RFC 9457).

/** Refusals of a claim, the same on every server that burns one. */
export type ClaimRefusal =
  'invalid-claim' | 'expired' | 'already-used' | 'revoked' | 'superseded' | 'ledger-unavailable';

/** What a refusal says. `advice` is for the person who holds the link. */
export interface Problem {
  status: number;
  title: string;
  advice: string;
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number;
}

export const CLAIM_PROBLEMS = {
  'invalid-claim': {
    status: 403,
    title: 'This link is not valid',
    advice:
      'It may have been cut short or changed on its way to you. Copy the whole link, or ask for a new one where you got it.',
  },
  expired: {
    status: 410,
    title: 'This link has expired',
    advice: 'The time to use it is over. Ask for a new one where you got it.',
  },
  'already-used': {
    status: 410,
    title: 'This link has already been used',
    advice:
      'It works once only. If you used it yourself, what it gave you is on your device. If you did not, tell whoever sent it to you, and ask for a new one.',
  },
  revoked: {
    status: 410,
    title: 'This link was withdrawn',
    advice:
      'Whoever made it has taken it back, or has signed out. Ask them for a new one if you still need it.',
  },
  superseded: {
    status: 410,
    title: 'This link can no longer be used',
    advice:
      'Our records were restarted after it was made, so we cannot be sure that it is unused. Nothing was handed out just now. Ask for a new one where you got it.',
  },
  'ledger-unavailable': {
    status: 503,
    title: 'We cannot check this link just now',
    advice:
      'Nothing was handed out. Try again in a few seconds; if the link then says that it was used, ask for a new one.',
    retryAfterSeconds: 2,
  },
} as const satisfies Record<ClaimRefusal, Problem>;

/** The body of `application/problem+json` for a refusal. */
export interface ProblemDocument {
  type: `urn:claimcheck:problem:${string}`;
  title: string;
  status: number;
  detail: string;
  /** Request id, to quote when asking for help. */
  instance: string;
}

/** @param detail what exactly was wrong, when it differs from the general advice. */
export function problemDocument(
  code: string,
  problem: Problem,
  requestId: string,
  detail?: string,
): ProblemDocument {
  return {
    type: `urn:claimcheck:problem:${code}`,
    title: problem.title,
    status: problem.status,
    detail: detail ?? problem.advice,
    instance: `urn:uuid:${requestId}`,
  };
}
