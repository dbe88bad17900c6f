// Two app servers on two origins, each with a database, keys and a ledger of its own unless they share them,
// and the steps of a hand-off between them, each of which an attacker may look at, keep back or change.
import { createClient, type Client } from '../app/client.js';
import {
  ADMIN,
  startTestAppServer,
  type StartOptions,
  type TestAppServer,
} from '../app/start-app-server.js';
import { codeOf, locationOf, whoIs } from '../identity-provider/read-answer.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';

export { ADMIN, codeOf, locationOf, whoIs };

export interface TwoServers {
  sender: OneServer;
  receiver: OneServer;
  stop(): Promise<void>;
}

export interface OneServer extends TestAppServer {
  origin: string;
  /** Without cookies; its requests say that they come from this server's own pages. */
  visitor(): Client;
  signedIn(as?: { email: string; password: string }): Promise<Client>;
}

export interface TwoServersOptions {
  /** One database for both: an account id means the same account. */
  shared?: boolean;
  now?: () => number;
  sender?: StartOptions;
  receiver?: StartOptions;
  /** A port that is known beforehand. */
  receiverPort?: number;
  /** Names that resolve to this machine. */
  hosts?: [sender: string, receiver: string];
}

export async function startTwoServers(options: TwoServersOptions = {}): Promise<TwoServers> {
  const { shared = false, now, hosts = ['localhost', 'localhost'] } = options;
  const senderPort = await freePort();
  const receiverPort = options.receiverPort ?? (await freePort());
  const [from, to] = [`http://${hosts[0]}:${senderPort}`, `http://${hosts[1]}:${receiverPort}`];
  const database = await createDatabase();
  const common = {
    signInAllowances: { attemptsElsewhere: 10_000, perAddress: 10_000, perAccount: 10_000 },
    ...(now ? { now } : {}),
  };
  const sender = await startTestAppServer({
    ...common,
    ...options.sender,
    databaseUrl: database,
    config: {
      port: senderPort,
      appOrigin: from,
      handOff: { to: [to], from: [], accounts: 'connected' },
      ...options.sender?.config,
    },
  });
  const receiver = await startTestAppServer({
    ...common,
    ...options.receiver,
    databaseUrl: shared ? database : await createDatabase(),
    config: {
      port: receiverPort,
      appOrigin: to,
      handOff: {
        to: [],
        from: [{ name: 'main-site', origin: from }],
        accounts: shared ? 'shared' : 'connected',
      },
      ...options.receiver?.config,
    },
  });
  await waitFor('the receiver has the keys of the sender', () =>
    receiver.logged().includes('public keys read'),
  );
  return {
    sender: at(sender, from),
    receiver: at(receiver, to),
    stop: async () => {
      await sender.stop();
      await receiver.stop();
    },
  };
}

function at(server: TestAppServer, origin: string): OneServer {
  const visitor = () => createClient(server.url, origin);
  return {
    ...server,
    origin,
    visitor,
    signedIn: async (as = ADMIN) => {
      const client = visitor();
      const response = await client.json('POST', '/api/session', as);
      if (response.status !== 204) throw new Error(`signing in gave ${response.status}`);
      return client;
    },
  };
}

/** What the receiver asks the sender for, once this browser has begun there. */
export async function begin(
  browser: Client,
  path = '/hand-off/begin?from=main-site',
): Promise<Record<'to' | 'state' | 'fence', string>> {
  const url = new URL(locationOf(await browser.get(path)));
  return Object.fromEntries(url.searchParams) as Record<'to' | 'state' | 'fence', string>;
}

/** The button at the sender; returns the path that ends the hand-off at the receiver. */
export async function press(signedIn: Client, request: Record<string, string>): Promise<string> {
  const sent = await signedIn.form('/hand-off', request);
  if (sent.status !== 303) throw new Error(`pressing gave ${sent.status} ${await codeOf(sent)}`);
  return new URL(locationOf(sent)).pathname;
}

/** Whether it signs in: `in`, or the code of the refusal. */
export async function accept(browser: Client, path: string): Promise<string> {
  const response = await browser.get(path, { Accept: 'text/html' });
  return response.status === 303 ? 'in' : await codeOf(response);
}
