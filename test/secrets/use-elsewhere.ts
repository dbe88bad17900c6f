// Uses the secrets of signing in from elsewhere: by an identity provider, and by a hand-off from another app
// server. In each way one sign-in is finished and one is left under way.
import { createHash, createHmac } from 'node:crypto';
import { createClient, type Client } from '../app/client.js';
import { ADMIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { begin, press } from '../hand-off/two-servers.js';
import { leave, signInThere } from '../identity-provider/sign-in-there.js';
import { startProvider, type TestProvider } from '../identity-provider/start-provider.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { expectStatus, type Collected } from './collect-secrets.js';

/** Where people come from. */
export interface Elsewhere {
  provider: TestProvider;
  /** Another app server, which hands people over. */
  sender: TestAppServer & { origin: string; databaseUrl: string };
  /** What the app server under test has to be set to. */
  settings: Record<string, string>;
  stop(): Promise<void>;
}

export async function startElsewhere(appOrigin: string): Promise<Elsewhere> {
  const provider = await startProvider({ redirectUri: `${appOrigin}/sign-in/provider/callback` });
  const [port, databaseUrl] = [await freePort(), await createDatabase()];
  const origin = `http://localhost:${port}`;
  const handOff = { to: [appOrigin], from: [], accounts: 'connected' as const };
  const sender = await startTestAppServer({
    databaseUrl,
    logLevel: 'trace',
    config: { port, appOrigin: origin, handOff },
  });
  const settings = {
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    HAND_OFF_FROM: `main-site=${origin}`,
  };
  const stop = async () => {
    await sender.stop();
    await provider.stop();
  };
  return { provider, sender: { ...sender, origin, databaseUrl }, settings, stop };
}

interface Using {
  collected: Collected;
  appUrl: string;
  elsewhere: Elsewhere;
}

/** @param email of an account here. */
export async function useProvider(using: Using, email: string): Promise<void> {
  const { collected, appUrl, elsewhere } = using;
  const { provider } = elsewhere;
  const login = 'somebody-there';
  provider.add({ subject: login, email });
  collected.keep('secret of the provider’s client', provider.clientSecret);
  const leaving = async () => {
    const app = collected.browser();
    const url = new URL(await leave({ app, there: app }));
    for (const name of ['state', 'nonce']) {
      collected.keep(`${name} of a sign-in elsewhere`, url.searchParams.get(name) ?? '');
    }
    const cookie = app.cookies.get('__Host-claimcheck-provider') ?? '';
    const verifier = createHmac('sha256', cookie).update('oidc-verifier').digest('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (url.searchParams.get('code_challenge') !== challenge) throw new Error('another verifier');
    collected.keep('PKCE verifier', verifier);
    return { app, url };
  };
  const { app, url } = await leaving();
  const there = createClient(provider.issuer, provider.issuer);
  const back = await signInThere({ app, there }, url.href, login, appUrl);
  collected.keep('code of a provider', new URL(back, appUrl).searchParams.get('code') ?? '');
  await expectStatus(303, app.get(back));
  await expectStatus(200, app.get('/api/session'));
  await leaving();
}

/** @param owner signed in here, having proven lately who they are. */
export async function useHandOff(using: Using, owner: Client): Promise<void> {
  const { collected, elsewhere } = using;
  const { sender } = elsewhere;
  const there = await signInAt(sender);
  const keepState = ({ state = '' }: Record<string, string>) =>
    collected.keep('state of a hand-off', state);
  const keepClaim = (path: string) => {
    collected.keep('claim', path.slice('/hand-off/accept/'.length));
    return path;
  };
  const leaving = await waitFor('the keys of the sender are known', async () => {
    const asked = await owner.form('/account/identities/peers/main-site');
    return asked.headers.get('refresh') ?? undefined;
  });
  const [, href = ''] = /^0; url=(.*)$/.exec(leaving) ?? [];
  const connecting = Object.fromEntries(new URL(href).searchParams);
  keepState(connecting);
  await expectStatus(303, owner.get(keepClaim(await press(there, connecting))));
  for (const isFinished of [true, false]) {
    const browser = collected.browser();
    const request = await begin(browser);
    keepState(request);
    const path = keepClaim(await press(there, request));
    if (!isFinished) continue;
    await expectStatus(303, browser.get(path));
    await expectStatus(200, browser.get('/api/session'));
  }
}

async function signInAt({ url, origin }: Elsewhere['sender']): Promise<Client> {
  const client = createClient(url, origin);
  await expectStatus(204, client.json('POST', '/api/session', ADMIN));
  return client;
}
