// How strongly the identity provider must have proven who somebody is (`OIDC_ACR_VALUES`): asked for when the browser
// leaves, and looked at in the ID token when it comes back, since what passes through a browser can be taken out.
// OWASP ASVS 5.0, 6.8.4. Which values mean a second factor is between the provider and whoever runs this server.
import type { Logger } from '@claimcheck/shared/log';
import type { Configuration } from 'openid-client';
import type { AppConfig } from '../config.js';
import { Refused } from '../http/problems.js';
import type { ProviderProof } from './open-provider.js';
import type { ProviderSettings } from './provider-settings.js';

/** What a provider names is shown up to this length. */
const LONGEST_SHOWN = 80;

/**
 * Parameters of the authorization request. Where the provider knows the `claims` parameter it is asked for as
 * essential (OpenID Connect Core section 5.5.1.1), so that it asks for a second factor also of somebody who is
 * signed in there with less; else as a wish (`acr_values`, section 3.1.2.1). Never both: what a provider makes of
 * that is unspecified, and some take the wish.
 */
export function askForStrength(
  { acrValues }: Pick<ProviderSettings, 'acrValues'>,
  configured: Configuration,
): Record<string, string> {
  if (acrValues.length === 0) return {};
  if (configured.serverMetadata().claims_parameter_supported !== true) {
    return { acr_values: acrValues.join(' ') };
  }
  return { claims: JSON.stringify({ id_token: { acr: { essential: true, values: acrValues } } }) };
}

/** @throws Refused `proof-too-weak` when the proof has none of the values that count. */
export function checkStrength(settings: ProviderSettings, { acr }: ProviderProof): void {
  const { acrValues, name } = settings;
  if (acrValues.length === 0 || (acr !== undefined && acrValues.includes(acr))) return;
  throw proofTooWeak(name, acr);
}

/** Says, once at the start, that nothing looks whether the provider asks for the second factor that is required here. */
export function warnOfUncheckedStrength(
  { provider, requireSecondFactor }: Pick<AppConfig, 'provider' | 'requireSecondFactor'>,
  log: Logger,
): void {
  if (provider === undefined || provider.acrValues.length > 0 || requireSecondFactor === 'off') {
    return;
  }
  log.warn(
    { issuer: provider.issuer },
    'REQUIRE_SECOND_FACTOR is set, and whoever signs in by the identity provider is let in without one of ours; name the strength that its proof must have (OIDC_ACR_VALUES)',
  );
}

/** @param acr what the provider said; undefined when it said nothing. */
export function proofTooWeak(name: string, acr: string | undefined): Refused {
  return new Refused(
    'proof-too-weak',
    `${name} did not prove as strongly who you are as this server asks for: most likely it did not ask for your second factor. Set one up there, or ask an administrator. For the administrator: ${strengthSaid(acr)}, and OIDC_ACR_VALUES names none such.`,
  );
}

/** What a provider has said of the strength of its proof, in words. */
export function strengthSaid(acr: string | undefined): string {
  return acr === undefined ? 'no “acr” in the proof' : `“acr” is “${shown(acr)}”`;
}

function shown(acr: string): string {
  const plain = acr.replace(/\p{C}/gu, ' ');
  return plain.length > LONGEST_SHOWN ? `${plain.slice(0, LONGEST_SHOWN)}…` : plain;
}
