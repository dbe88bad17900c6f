// An app server with a provider beside it, and what a browser does between the two, step by step over HTTP:
// each step can be looked at, kept back or changed, as an attacker would.
import { randomBytes } from 'node:crypto';
import { createClient, type Client } from '../app/client.js';
import {
  APP_ORIGIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { locationOf } from './read-answer.js';
import {
  startProvider,
  type ProviderOptions,
  type Person,
  type TestProvider,
} from './start-provider.js';

export const CALLBACK = `${APP_ORIGIN}/sign-in/provider/callback`;

export interface WithProvider extends TestAppServer {
  provider: TestProvider;
  /** A browser without cookies at the app server and the provider. */
  browser(): Browser;
  /** Adds somebody at the provider; their login is the first part of the address. */
  newPerson(given?: Partial<Person>): { login: string; email: string };
}

/** One browser: its cookies at both servers. */
export interface Browser {
  app: Client;
  there: Client;
}

type Settings = NonNullable<NonNullable<StartOptions['config']>['provider']>;

export async function startWithProvider(
  settings: Partial<Settings> = {},
  options: StartOptions & { provider?: Partial<ProviderOptions> } = {},
): Promise<WithProvider> {
  const provider = await startProvider({ redirectUri: CALLBACK, ...options.provider });
  const app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    signInAllowances: { attemptsElsewhere: 10_000, perAddress: 10_000, perAccount: 10_000 },
    ...options,
    config: {
      provider: {
        issuer: provider.issuer,
        clientId: provider.clientId,
        clientSecret: provider.clientSecret,
        name: 'Example Login',
        accounts: 'existing',
        allowedDomains: [],
        acrValues: [],
        ...settings,
      },
      ...options.config,
    },
  });
  return {
    ...app,
    provider,
    newPerson: (given) => {
      const login = `p-${randomBytes(5).toString('hex')}`;
      const person = { subject: login, email: `${login}@example.org`, ...given };
      provider.add(person);
      return { login: person.subject, email: person.email };
    },
    browser: () => ({ app: app.visitor(), there: createClient(provider.issuer, provider.issuer) }),
    stop: async () => {
      await app.stop();
      await provider.stop();
    },
  };
}

/** Where the app server sends the browser to. */
export async function leave({ app }: Browser, path = '/sign-in/provider'): Promise<string> {
  return locationOf(await app.get(path));
}

/**
 * Goes there, signs in as `login` (`refuse`: says no, `cannot`: lacks what it would take) if asked, and returns the address of the app server that the
 * provider sends the browser back to, path and query.
 */
export async function signInThere(
  { there }: Browser,
  authorizationUrl: string,
  login: string,
  appOrigin: string = APP_ORIGIN,
): Promise<string> {
  let response = await there.get(authorizationUrl);
  for (let step = 0; step < 8; step += 1) {
    const location = new URL(locationOf(response), authorizationUrl);
    if (location.origin === appOrigin) return location.pathname + location.search;
    if (location.pathname.startsWith('/interaction/')) {
      const fields = ['refuse', 'cannot'].includes(login)
        ? { do: login }
        : { do: 'sign-in', login };
      await there.get(location.href);
      response = await there.form(location.href, fields);
    } else {
      response = await there.get(location.href);
    }
  }
  throw new Error('the provider sends the browser around in circles');
}

/** All of it: the answer to coming back. */
export async function signInBy(browser: Browser, login: string, path?: string): Promise<Response> {
  const back = await signInThere(browser, await leave(browser, path), login);
  return await browser.app.get(back, { Accept: 'text/html' });
}

export { codeOf, locationOf, whoIs } from './read-answer.js';
