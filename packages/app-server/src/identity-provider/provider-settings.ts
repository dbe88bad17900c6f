// The settings of the identity provider: all that are needed or none, and refused by name when wrong. The
// client's secret is never quoted.
import type { EnvironmentReader } from '@claimcheck/shared/env';

export interface ProviderSettings {
  /** Issuer identifier (OpenID Connect Discovery 1.0 section 3), as the provider itself spells it. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** What people call it, on buttons. */
  name: string;
  /** Whether a person whom no account belongs to gets one. */
  accounts: 'existing' | 'create';
  /** Lower case; empty: any. */
  allowedDomains: readonly string[];
  /**
   * Authentication context classes (`acr`, OpenID Connect Core section 2) that are strong enough, the best first;
   * empty: any, also none.
   */
  acrValues: readonly string[];
}

const NEEDED = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const;
const FURTHER = ['OIDC_NAME', 'OIDC_ACCOUNTS', 'OIDC_ALLOWED_DOMAINS', 'OIDC_ACR_VALUES'] as const;
const LONGEST_NAME = 40;
/** As `acr_values` has them between spaces. A comma is one that was meant to part two. */
const ACR = /^[\x21-\x2b\x2d-\x7e]{1,255}$/;
const MOST_ACR_VALUES = 20;
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)*[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

/** Undefined when none of them is set. Faults are left with `read`. */
export function readProvider(read: EnvironmentReader): ProviderSettings | undefined {
  if ([...NEEDED, ...FURTHER].every((name) => read.text(name) === undefined)) return undefined;
  for (const name of NEEDED) {
    if (read.text(name) === undefined) {
      read.refuse(name, undefined, `${NEEDED.join(', ')} together, or no OIDC_ setting at all`);
    }
  }
  const issuer = read.text('OIDC_ISSUER') ?? '';
  const fault = issuer === '' ? undefined : issuerFault(issuer);
  if (fault !== undefined) read.refuse('OIDC_ISSUER', issuer, fault);
  return {
    issuer,
    clientId: read.text('OIDC_CLIENT_ID') ?? '',
    clientSecret: read.text('OIDC_CLIENT_SECRET') ?? '',
    name: readName(read) ?? (URL.canParse(issuer) ? new URL(issuer).host : issuer),
    accounts: read.choice('OIDC_ACCOUNTS', 'existing', ['existing', 'create']),
    allowedDomains: readDomains(read),
    acrValues: readAcrValues(read),
  };
}

/** Plain http would let anybody on the way answer in the provider's place. */
function issuerFault(issuer: string): string | undefined {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.search ||
    url.hash ||
    url.username
  ) {
    return 'the issuer identifier, like https://login.example.org, without query and fragment';
  }
  const isLoopback = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback) {
    return 'an https:// address (plain http is for localhost only)';
  }
  return undefined;
}

function readName(read: EnvironmentReader): string | undefined {
  const name = read.text('OIDC_NAME');
  if (name !== undefined && (name.length > LONGEST_NAME || /\p{Cc}/u.test(name))) {
    read.refuse('OIDC_NAME', name, `at most ${LONGEST_NAME} characters on one line`);
  }
  return name;
}

function readDomains(read: EnvironmentReader): string[] {
  const text = read.text('OIDC_ALLOWED_DOMAINS');
  if (text === undefined) return [];
  const domains = text.split(',').map((domain) => domain.trim().normalize('NFC').toLowerCase());
  if (!domains.every((domain) => DOMAIN.test(domain))) {
    read.refuse('OIDC_ALLOWED_DOMAINS', text, 'domains separated by commas, like example.org');
  }
  return domains;
}

function readAcrValues(read: EnvironmentReader): string[] {
  const text = read.text('OIDC_ACR_VALUES');
  if (text === undefined) return [];
  const values = text.split(/\s+/);
  if (values.length > MOST_ACR_VALUES || !values.every((value) => ACR.test(value))) {
    read.refuse(
      'OIDC_ACR_VALUES',
      text,
      'acr values separated by spaces, the best first, without commas',
    );
  }
  return values;
}
