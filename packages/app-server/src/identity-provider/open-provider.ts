// The organisation's identity provider, spoken to by OpenID Connect: authorization code flow with PKCE (RFC
// 7636), state, nonce and the issuer in the answer (RFC 9207). Nothing is asked of it before somebody wants to
// sign in, so that a provider that is away stops neither the start nor other ways of signing in.
import * as oidc from 'openid-client';
import type { Logger } from '@claimcheck/shared/log';
import { Refused } from '../http/problems.js';
import { derive } from '../identities/attempts.js';
import type { ProviderSettings } from './provider-settings.js';
import { explainFailure, unavailable } from './provider-failure.js';
import { askForStrength, proofTooWeak } from './proof-strength.js';

/** Longest that one answer of the provider may take, in seconds. */
const TIMEOUT_SECONDS = 5;
/** Its metadata is read anew after this; keys it signs with come and go by themselves. */
const METADATA_LIFE_MS = 60 * 60_000;
/** After a failure it is not asked again for this long: nobody waits behind a dead provider for long. */
const PAUSE_MS = 2000;

/** Somebody whom the provider has proven to be there. */
export interface ProviderProof {
  issuer: string;
  subject: string;
  /** How long before this proof they gave their credentials, in seconds; undefined when it did not say. */
  authAgeSeconds: number | undefined;
  /** How strongly it has proven them, in its own words (`acr`); undefined when it did not say. */
  acr: string | undefined;
  /** Their e-mail address, as typed there; undefined unless the provider says that it has verified it. */
  readVerifiedEmail(): Promise<string | undefined>;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly name: string;
  /**
   * Where to send a browser that holds `secret`.
   * @param prove true: credentials are to be asked for, also of somebody who is signed in there.
   * @throws Refused `provider-unavailable`.
   */
  authorizationUrl(secret: string, redirectUri: string, prove: boolean): Promise<URL>;
  /**
   * What the browser came back with, made into a proof. The code works once, at the provider.
   * @throws Refused `provider-refused`, `provider-unavailable`, `proof-too-weak` when it says that it cannot prove
   * as strongly as it was asked to; how strong a proof is, is the caller's to judge.
   */
  redeem(returned: URL, secret: string): Promise<ProviderProof>;
  /** Where to sign out of the provider, if it has such a place. @throws Refused `provider-unavailable`. */
  signOutUrl(returnTo: string): Promise<URL | undefined>;
}

export interface ProviderOptions {
  settings: ProviderSettings;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
}

/** Asks nothing yet. */
export function openProvider({ settings, log, now }: ProviderOptions): IdentityProvider {
  const { issuer, name } = settings;
  let known: { configuration: oidc.Configuration; readAtMs: number } | undefined;
  let reading: Promise<oidc.Configuration> | undefined;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  /** One discovery at a time, shared by all who want it; an old answer is better than none. */
  async function configuration(): Promise<oidc.Configuration> {
    if (known !== undefined && Math.abs(now() - known.readAtMs) < METADATA_LIFE_MS) {
      return known.configuration;
    }
    if (Math.abs(now() - failedAtMs) < PAUSE_MS) {
      if (known !== undefined) return known.configuration;
      throw unavailable(name);
    }
    reading ??= discover().finally(() => (reading = undefined));
    return await reading;
  }

  async function discover(): Promise<oidc.Configuration> {
    try {
      const found = await oidc.discovery(
        new URL(issuer),
        settings.clientId,
        undefined,
        authenticateAs(settings.clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          execute: [
            // Signatures of ID tokens are checked, not only that TLS brought them.
            oidc.enableNonRepudiationChecks,
            ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
          ],
        },
      );
      // Letter by letter (OpenID Connect Discovery 1.0 section 4.3): the library takes a last slash for none.
      if (found.serverMetadata().issuer !== issuer) {
        throw new Error('its metadata spells the issuer in another way');
      }
      known = { configuration: found, readAtMs: now() };
      return found;
    } catch (error) {
      failedAtMs = now();
      log.warn(
        { issuer, reason: explainFailure(error).text },
        'the identity provider cannot be read (OIDC_ISSUER); nobody can sign in by it until it can',
      );
      if (known !== undefined) return known.configuration;
      throw unavailable(name);
    }
  }

  return {
    issuer,
    name,
    async authorizationUrl(secret, redirectUri, prove) {
      const verifier = derive(secret, 'oidc-verifier');
      const configured = await configuration();
      return oidc.buildAuthorizationUrl(configured, {
        redirect_uri: redirectUri,
        scope: 'openid email',
        state: derive(secret, 'oidc-state'),
        nonce: derive(secret, 'oidc-nonce'),
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(prove ? { prompt: 'login', max_age: '0' } : {}),
        ...askForStrength(settings, configured),
      });
    },
    async redeem(returned, secret) {
      const configured = await configuration();
      const tokens = await asRefusal(
        oidc.authorizationCodeGrant(configured, returned, {
          expectedState: derive(secret, 'oidc-state'),
          expectedNonce: derive(secret, 'oidc-nonce'),
          pkceCodeVerifier: derive(secret, 'oidc-verifier'),
          idTokenExpected: true,
        }),
      );
      const claims = tokens.claims();
      if (claims === undefined) throw new Refused('provider-refused');
      return {
        issuer: claims.iss,
        subject: claims.sub,
        // Both by the provider's clock, so that it matters little how that differs from ours.
        authAgeSeconds: claims.auth_time === undefined ? undefined : claims.iat - claims.auth_time,
        acr: typeof claims['acr'] === 'string' ? claims['acr'] : undefined,
        readVerifiedEmail: async () => {
          if (claims['email'] !== undefined) return verifiedEmail(claims);
          // Many providers name it at their userinfo endpoint alone (Core section 5.4).
          return verifiedEmail(
            await asRefusal(oidc.fetchUserInfo(configured, tokens.access_token, claims.sub)),
          );
        },
      };
    },
    async signOutUrl(returnTo) {
      const configured = await configuration();
      if (configured.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(configured, { post_logout_redirect_uri: returnTo });
    },
  };

  async function asRefusal<T>(asking: Promise<T>): Promise<T> {
    try {
      return await asking;
    } catch (error) {
      const reason = explainFailure(error);
      log.warn({ issuer, reason: reason.text }, 'the identity provider gave no proof');
      if (reason.isTooWeak === true) throw proofTooWeak(name, undefined);
      throw reason.isOutage ? unavailable(name) : new Refused('provider-refused', reason.advice);
    }
  }
}

/** As the provider's metadata has it; `client_secret_basic` is the default (Discovery section 3). */
function authenticateAs(secret: string): oidc.ClientAuth {
  const basic = oidc.ClientSecretBasic(secret);
  const post = oidc.ClientSecretPost(secret);
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    const authenticate = methods.includes('client_secret_basic') ? basic : post;
    authenticate(server, client, body, headers);
  };
}

/** Core section 5.1 has a boolean; some providers send the word. */
function verifiedEmail(claims: Readonly<Record<string, unknown>>): string | undefined {
  const { email, email_verified: verified } = claims;
  const isVerified = verified === true || verified === 'true';
  return isVerified && typeof email === 'string' ? email : undefined;
}
