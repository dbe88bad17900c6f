// Step 1: where in a request the token stands. Nothing of it is parsed here, and an over-long one never is.
import { MAX_TOKEN_LENGTH } from '@claimcheck/shared/claim';
import { Refused } from './problems.js';

/** Longer request targets are refused: the longest token and the longest name fit twice over. */
export const MAX_URL_LENGTH = 8192;

export const TOKEN_ROUTE = '/d/:token{/:filename}';

/** RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([^\s]+) *$/i;

/**
 * The token of `/d/{token}` or `/d/{token}/{filename}`, else of `Authorization: Bearer`.
 * @throws Refused `invalid-claim` when there is none, or one of over 4096 characters.
 */
export function takeToken(fromPath: string | undefined, authorization: string | undefined): string {
  const token = fromPath ?? BEARER.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Refused('invalid-claim', { reason: 'no-token' });
  if (token.length > MAX_TOKEN_LENGTH) throw new Refused('invalid-claim', { reason: 'too-long' });
  return token;
}
