// A real OpenID Connect provider (oidc-provider) in the test's own process, with people of its own and the
// page on which they sign in. It can be told to answer wrongly, as a hostile or broken one would.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';

export interface Person {
  subject: string;
  email?: string;
  emailVerified?: boolean;
}

export interface TestProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Adds or changes somebody who can sign in there; their login is the subject. */
  add(person: Person): void;
  /** From now on people seem to have given their credentials so many seconds ago. */
  backdateSignIns(seconds: number): void;
  /** How strongly people are proven from now on (`acr`), one value an interaction, the last for all that follow. */
  proveAs(...values: readonly (string | undefined)[]): void;
  /** Looks at each request first; true when it has answered itself. */
  intercept(
    answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined,
  ): void;
  /** Addresses that were asked for, in order, without their queries. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export interface ProviderOptions {
  /** Where browsers may be sent back to. */
  redirectUri: string;
  /** Put the e-mail address into the ID token instead of leaving it to userinfo. */
  emailInIdToken?: boolean;
  /** The values of `acr` that it knows. */
  acrValues?: readonly string[];
  /** Whether it knows the `claims` parameter. */
  knowsClaims?: boolean;
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['refuse', 'access_denied'],
  ['cannot', 'unmet_authentication_requirements'],
]);

export async function startProvider(options: ProviderOptions): Promise<TestProvider> {
  const people = new Map<string, Person>();
  const asked: string[] = [];
  let backdatedSeconds = 0;
  let strengths: readonly (string | undefined)[] = [undefined];
  const [clientId, clientSecret] = ['claimcheck', randomBytes(24).toString('base64url')];
  let intercepted: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (intercepted?.(request, response) === true) return;
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(
    issuer,
    configurationOf(options, people, { clientId, clientSecret }),
  );
  const callback = provider.callback();

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      const { prompt } = await provider.interactionDetails(request, response);
      response.setHeader('Content-Type', 'text/html').end(signInPage(prompt.name));
      return;
    }
    const form = new URLSearchParams(await textOf(request));
    const refusal = REFUSALS.get(form.get('do') ?? '');
    const [acr, ...later] = strengths;
    if (later.length > 0) strengths = later;
    const result =
      refusal !== undefined
        ? { error: refusal, error_description: 'they said no' }
        : {
            login: {
              ...(acr === undefined ? {} : { acr }),
              accountId: form.get('login') ?? '',
              ts: Math.floor(Date.now() / 1000) - backdatedSeconds,
            },
          };
    await provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
  }

  answer = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) {
      void callback(request, response);
      return;
    }
    interact(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  };

  return {
    issuer,
    clientId,
    clientSecret,
    asked,
    proveAs: (...values) => void (strengths = values),
    backdateSignIns: (seconds) => void (backdatedSeconds = seconds),
    add: (person) => void people.set(person.subject, person),
    intercept: (next) => void (intercepted = next),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function configurationOf(
  { redirectUri, emailInIdToken = false, acrValues = [], knowsClaims = false }: ProviderOptions,
  people: ReadonlyMap<string, Person>,
  client: { clientId: string; clientSecret: string },
): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL('/sign-in', redirectUri).href],
      },
    ],
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }],
    },
    adapter: createAdapters(),
    cookies: { keys: [randomBytes(16).toString('hex')] },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: !emailInIdToken,
    acrValues: [...acrValues],
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: knowsClaims },
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, subject) => {
      const person = people.get(subject);
      if (person === undefined) return undefined;
      return {
        accountId: subject,
        claims: () => ({
          sub: subject,
          ...(person.email === undefined
            ? {}
            : { email: person.email, email_verified: person.emailVerified ?? true }),
        }),
      };
    },
    // Whoever signs in agrees to what is asked: consent is no matter of these tests.
    loadExistingGrant: async (ctx) => {
      const { session, client: asking, provider } = ctx.oidc;
      const grant = new provider.Grant({
        clientId: asking?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  };
}

/** The provider's own memory, which ends with the test. */
function createAdapters(): (kind: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (kind) => {
    const find = async (field: 'uid' | 'userCode', value: string) =>
      [...kept.values()].find((payload) => payload.kind === kind && payload[field] === value);
    return {
      upsert: async (id, payload) => void kept.set(`${kind}:${id}`, payload),
      find: async (id) => kept.get(`${kind}:${id}`),
      findByUid: (uid) => find('uid', uid),
      findByUserCode: (userCode) => find('userCode', userCode),
      destroy: async (id) => void kept.delete(`${kind}:${id}`),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
      },
      consume: async (id) => {
        const payload = kept.get(`${kind}:${id}`);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
    };
  };
}

function signInPage(prompt: string): string {
  return `<!doctype html><title>Provider</title><h1>The provider: ${prompt}</h1>
    <form method="post"><label>Login <input name="login"></label>
    <button name="do" value="sign-in">Come in</button><button name="do" value="refuse">No</button></form>`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
