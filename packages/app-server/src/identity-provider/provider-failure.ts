// What went wrong between us and the provider: a line for the log, and whether it is an outage. The library's
// errors carry whole answers along, with tokens in them; nothing of those is passed on.
import * as oidc from 'openid-client';
import { Refused } from '../http/problems.js';

export interface ProviderFailure {
  /** For the log. */
  text: string;
  /** The provider could not be reached or is not well: trying again helps. */
  isOutage: boolean;
  /** It can or will not prove as strongly as it was asked to. */
  isTooWeak?: boolean;
  /** For the person, where there is more to say than the general advice. */
  advice?: string;
}

/** RFC 6749 section 4.1.2.1: what says that the provider itself is not well. */
const OUTAGE_CODES: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable']);
/** OpenID Connect Core Unmet Authentication Requirements 1.0, for an essential `acr` that was not met. */
const UNMET_CODE = 'unmet_authentication_requirements';
const ERROR_CODE = /^[a-z_]{1,40}$/;

export function explainFailure(error: unknown): ProviderFailure {
  if (error instanceof oidc.AuthorizationResponseError) {
    const code = ERROR_CODE.test(error.error) ? error.error : 'an unknown error';
    const text = `it answered the browser with ${code}`;
    if (OUTAGE_CODES.has(code)) return { text, isOutage: true };
    if (code === UNMET_CODE) return { text, isOutage: false, isTooWeak: true };
    if (code !== 'access_denied') return { text, isOutage: false };
    return {
      text,
      isOutage: false,
      advice:
        'You, or the sign-in service, said no. If that was not meant, begin again from the sign-in page.',
    };
  }
  if (error instanceof oidc.ResponseBodyError) {
    const code = ERROR_CODE.test(error.error) ? error.error : 'an unknown error';
    const isOutage = error.status >= 500 || OUTAGE_CODES.has(code);
    return { text: `it answered us ${error.status} ${code}`, isOutage };
  }
  const { name, code, message, cause } = (error ?? {}) as {
    name?: unknown;
    code?: unknown;
    message?: unknown;
    cause?: { code?: unknown; status?: unknown } | undefined;
  };
  // What `fetch` and its time limit throw, and answers that are no answer (a proxy's 502).
  const status = Number(cause?.status ?? 0);
  const isOutage =
    name === 'TimeoutError' ||
    code === 'OAUTH_TIMEOUT' ||
    (name === 'TypeError' && message === 'fetch failed') ||
    status >= 500;
  const details = [name, code, message, cause?.code, status || undefined]
    .filter((part) => part !== undefined)
    .map(String);
  return { text: details.join(' · ').slice(0, 300), isOutage };
}

export function unavailable(name: string): Refused {
  return new Refused(
    'provider-unavailable',
    `${name} does not answer. Nothing is wrong with your account: try again in a minute, or sign in another way if you have one.`,
  );
}
