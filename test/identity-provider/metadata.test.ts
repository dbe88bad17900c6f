// The metadata of the identity provider is read from an address that the operator has set. Whoever answers there
// with the metadata of somebody else is not believed, not even in part.
import { afterEach, expect, test } from '@jest/globals';
import { signInBy, startWithProvider, whoIs, type WithProvider } from './sign-in-there.js';

let on: WithProvider;
afterEach(async () => await on.stop());

test.each<[string, (issuer: string) => string]>([
  ['somebody else’s', () => 'https://other.example'],
  ['a slash longer', (issuer) => `${issuer}/`],
])(
  'is not believed when it names another issuer than the one that was set: %s',
  async (_, issuerIn) => {
    let nowMs = Date.now();
    on = await startWithProvider({ accounts: 'create' }, { now: () => nowMs });
    const { issuer } = on.provider;
    on.provider.intercept((request, response) => {
      if (request.url !== '/.well-known/openid-configuration') return false;
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          issuer: issuerIn(issuer),
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        }),
      );
      return true;
    });
    const page = await on.visitor().get('/sign-in/provider', { Accept: 'text/html' });
    expect([page.status, page.headers.get('location')]).toEqual([503, null]);
    // With its own it is good again.
    on.provider.intercept(undefined);
    nowMs += 2500;
    const { login, email } = on.newPerson();
    const browser = on.browser();
    await signInBy(browser, login);
    expect(await whoIs(browser.app)).toBe(email);
  },
);
