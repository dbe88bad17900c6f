// The settings of the provider and of hand-offs: what is made of them, and that each fault is refused by name,
// without quoting a secret.
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@claimcheck/app-server';

const OIDC = {
  OIDC_ISSUER: 'https://login.example.org/realm',
  OIDC_CLIENT_ID: 'claimcheck',
  OIDC_CLIENT_SECRET: 'a-secret-of-the-client',
};

describe('the settings of the identity provider', () => {
  it('are read with their defaults', () => {
    expect(readConfig(OIDC).provider).toEqual({
      issuer: 'https://login.example.org/realm',
      clientId: 'claimcheck',
      clientSecret: 'a-secret-of-the-client',
      name: 'login.example.org',
      accounts: 'existing',
      allowedDomains: [],
      acrValues: [],
    });
    const chosen = {
      OIDC_ALLOWED_DOMAINS: 'Example.org, b.example.org',
      OIDC_NAME: 'Our login',
      OIDC_ACR_VALUES: ' urn:example:mfa  2 ',
    };
    expect(readConfig({ ...OIDC, ...chosen, OIDC_ACCOUNTS: 'create' }).provider).toMatchObject({
      name: 'Our login',
      accounts: 'create',
      allowedDomains: ['example.org', 'b.example.org'],
      acrValues: ['urn:example:mfa', '2'],
    });
    expect(readConfig({ ...OIDC, OIDC_ISSUER: 'http://127.0.0.1:4000' }).provider?.name).toBe(
      '127.0.0.1:4000',
    );
  });

  it.each([
    ['OIDC_CLIENT_SECRET', { OIDC_CLIENT_SECRET: undefined }],
    ['OIDC_CLIENT_ID', { OIDC_CLIENT_ID: '' }],
    ['OIDC_ISSUER', { OIDC_ISSUER: undefined }],
    ['OIDC_ISSUER', { OIDC_ISSUER: 'http://login.example.org' }],
    ['OIDC_ISSUER', { OIDC_ISSUER: 'http://localhost.evil.example' }],
    ['OIDC_ISSUER', { OIDC_ISSUER: 'login.example.org' }],
    ['OIDC_ISSUER', { OIDC_ISSUER: 'https://login.example.org/?a=b' }],
    ['OIDC_NAME', { OIDC_NAME: 'x'.repeat(41) }],
    ['OIDC_ACCOUNTS', { OIDC_ACCOUNTS: 'all' }],
    ['OIDC_ALLOWED_DOMAINS', { OIDC_ALLOWED_DOMAINS: 'example.org,,b.org' }],
    ['OIDC_ALLOWED_DOMAINS', { OIDC_ALLOWED_DOMAINS: '@example.org' }],
    ['OIDC_ALLOWED_DOMAINS', { OIDC_ALLOWED_DOMAINS: '*.example.org' }],
    ['OIDC_ACR_VALUES', { OIDC_ACR_VALUES: 'urn:a,urn:b' }],
    ['OIDC_ACR_VALUES', { OIDC_ACR_VALUES: 'mfa\u00e9' }],
    ['OIDC_ACR_VALUES', { OIDC_ACR_VALUES: 'a '.repeat(21) }],
  ])('are refused by name: %s of %j', (name, changes) => {
    const read = () => readConfig({ ...OIDC, ...changes });
    expect(read).toThrow(`${name} is`);
    expect(read).not.toThrow('a-secret-of-the-client');
  });
});

describe('the settings of hand-offs', () => {
  it('are read with their defaults', () => {
    const env = {
      HAND_OFF_TO: 'https://b.example.org/, https://c.example.org',
      HAND_OFF_FROM: 'main-site=https://a.example.org',
    };
    expect(readConfig(env).handOff).toEqual({
      to: ['https://b.example.org', 'https://c.example.org'],
      from: [{ name: 'main-site', origin: 'https://a.example.org' }],
      accounts: 'connected',
    });
  });

  it.each([
    ['HAND_OFF_TO', { HAND_OFF_TO: 'http://b.example.org' }],
    ['HAND_OFF_TO', { HAND_OFF_TO: 'https://b.example.org/path' }],
    ['HAND_OFF_TO', { HAND_OFF_TO: 'https://b.example.org,' }],
    ['HAND_OFF_TO', { HAND_OFF_TO: 'https://b.example.org,https://b.example.org' }],
    ['HAND_OFF_TO', { HAND_OFF_TO: 'http://localhost:3000' }],
    ['HAND_OFF_FROM', { HAND_OFF_FROM: 'https://a.example.org' }],
    ['HAND_OFF_FROM', { HAND_OFF_FROM: 'Main=https://a.example.org' }],
    ['HAND_OFF_FROM', { HAND_OFF_FROM: 'a=https://a.example.org,a=https://b.example.org' }],
    ['HAND_OFF_FROM', { HAND_OFF_FROM: 'a=https://a.example.org,b=https://a.example.org' }],
    ['HAND_OFF_FROM', { HAND_OFF_ACCOUNTS: 'shared' }],
    ['HAND_OFF_ACCOUNTS', { HAND_OFF_FROM: 'a=https://a.example.org', HAND_OFF_ACCOUNTS: 'all' }],
  ])('are refused by name: %s of %j', (name, env) => {
    expect(() => readConfig(env)).toThrow(`${name} is`);
  });
});
