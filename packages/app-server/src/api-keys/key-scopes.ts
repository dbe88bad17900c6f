// What an API key can be allowed. Nothing here leads to accounts, sessions, passwords, webhooks or other keys:
// whoever finds a key must not be able to make a longer stay of it.

/** Each with what it allows, in the words of the page. */
export const KEY_SCOPES = {
  'claims:mint': 'Mint claims: hand out a file, once each',
  'claims:manage': 'List claims and withdraw them',
  'links:create': 'Make links, and mail them',
  'links:manage': 'List links, change them, send them again, withdraw them',
  'files:read': 'List files',
  'files:write': 'Upload files and delete them',
} as const;

export type KeyScope = keyof typeof KEY_SCOPES;

export const ALL_SCOPES = Object.keys(KEY_SCOPES) as [KeyScope, ...KeyScope[]];

/** The scopes of a row, in the order above; what an older version wrote and this one does not know is left out. */
export function readScopes(stored: string): KeyScope[] {
  const held = new Set(stored.split(' '));
  return ALL_SCOPES.filter((scope) => held.has(scope));
}

/** As a row holds them: separated by spaces, like a `scope` of RFC 6749 section 3.3. */
export function writeScopes(scopes: readonly KeyScope[]): string {
  const held = new Set(scopes);
  return ALL_SCOPES.filter((scope) => held.has(scope)).join(' ');
}
