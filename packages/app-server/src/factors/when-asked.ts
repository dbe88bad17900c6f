// After which ways of signing in a second factor is asked for. One table: a new way that is not decided here
// does not compile.
import type { SignInMethod } from '../sessions/session-store.js';

/**
 * `asked`: proves one factor; the second is asked for when the account has one.
 * `passed`: goes on with what was proven before.
 * `own`: is two factors in itself, or comes from a system that has asked for its own.
 */
type Asking = 'asked' | 'passed' | 'own';

const ASKING: Readonly<Record<SignInMethod, Asking>> = {
  password: 'asked',
  'mailed-link': 'asked',
  'first-run-link': 'asked',
  passkey: 'own',
  remembered: 'passed',
  'identity-provider': 'own',
  'hand-off': 'own',
};

export function isSecondFactorAskedAfter(method: SignInMethod): boolean {
  return ASKING[method] === 'asked';
}

/** True for sessions that need no second factor of ours where one is required. */
export function bringsItsOwnFactors(method: SignInMethod): boolean {
  return ASKING[method] === 'own';
}
