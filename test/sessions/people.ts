// What the tests of this folder have in common: an app server with the clock in hand, somebody to sign in, and
// clients that have only some of a browser's cookies.
import { createClient, type Client } from '../app/client.js';
import {
  APP_ORIGIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const DAY_MS = 24 * 60 * MINUTE_MS;
export const SESSION = '__Host-claimcheck';
export const DEVICE = '__Host-claimcheck-device';
export const REMEMBER = '__Host-claimcheck-remember';
export const WAITING = '__Host-claimcheck-waiting';

/** Where sessions are kept: ledger and limits are then in the same place. */
export const STORES: [name: string, options: () => Promise<StartOptions>][] = [
  ['SQL', async () => ({ databaseUrl: await createDatabase() })],
  ['Redis', async () => ({ databaseUrl: await createDatabase(), redisUrl: sharedRedisUrl() })],
];

export interface Clock {
  nowMs: number;
}

export interface Person {
  email: string;
  password: string;
}

export interface People {
  app: TestAppServer;
  clock: Clock;
  databaseUrl: string;
  /** A new account. */
  newPerson(): Promise<Person>;
  signIn(person: Person, wish?: { remember?: boolean }): Promise<Client>;
  /** Another browser that has copies of these cookies of the first. */
  copyOf(client: Client, ...cookies: string[]): Client;
}

export async function startWithPeople(options: StartOptions): Promise<People> {
  const clock = { nowMs: Date.now() };
  const app = await startTestAppServer({ ...options, now: () => clock.nowMs });
  return {
    app,
    clock,
    databaseUrl: options.databaseUrl ?? '',
    newPerson: async () => {
      const email = `person-${Math.random().toString(36).slice(2)}@example.org`;
      const password = 'a password for a member';
      // The administrator has as little room as anybody, so leaves at once.
      const admin = await app.signedIn();
      const added = await admin.json('POST', '/api/accounts', { email, password, role: 'member' });
      if (added.status !== 201) throw new Error(`adding an account gave ${added.status}`);
      await admin.request('DELETE', '/api/session');
      return { email, password };
    },
    signIn: async (person, wish = {}) => {
      const client = app.visitor();
      const response = await client.json('POST', '/api/session', { ...person, ...wish });
      if (response.status !== 204) throw new Error(`signing in gave ${response.status}`);
      return client;
    },
    copyOf: (client, ...cookies) => {
      const copy = createClient(app.url, APP_ORIGIN);
      for (const name of cookies) {
        const value = client.cookies.get(name);
        if (value === undefined) throw new Error(`there is no cookie ${name}`);
        copy.cookies.set(name, value);
      }
      return copy;
    },
  };
}

/** Whether this client's requests are somebody's, by a request that is not told of again. */
export async function isSignedIn(client: Client): Promise<boolean> {
  return (await client.get('/api/session')).status === 200;
}

/** The browser was closed: what was only for its lifetime is gone. */
export function closeBrowser(client: Client): void {
  client.cookies.delete(SESSION);
}
