// An app server with a clock that the tests turn, and the steps that these tests share: somebody with an
// authenticator app, its codes, the first and the second half of a sign-in.
import { Secret, TOTP } from 'otpauth';
import type { Client } from '../app/client.js';
import type { StartOptions } from '../app/start-app-server.js';
import { startWithMail, type WithMail } from '../identity-links/with-mail.js';

export const PASSWORD = 'a password for a member';
export const STEP_MS = 30_000;

export interface Somebody {
  id: string;
  email: string;
  password: string;
}

export interface WithApp extends Somebody {
  /** Signed in, with the proof of just now. */
  client: Client;
  /** What the app shows now, and moves the clock to the next code: each counts once. */
  nextCode(): string;
  /** What an app whose clock is off by so many steps shows. */
  codeAt(steps: number): string;
  recoveryCodes: string[];
}

export interface FactorApp extends WithMail {
  clock: { nowMs: number };
  somebody(): Promise<Somebody>;
  somebodyWithApp(): Promise<WithApp>;
  /** The first half: e-mail address and password, from a browser of its own. */
  begin(who: Somebody, client?: Client): Promise<{ client: Client; answer: Response }>;
  give(client: Client, code: string): Promise<Response>;
}

export async function startFactorApp(options: StartOptions = {}): Promise<FactorApp> {
  const clock = { nowMs: Date.parse('2026-11-22T12:00:00Z') };
  const app = await startWithMail({
    now: () => clock.nowMs,
    ...options,
    signInAllowances: { perAddress: 10_000, ...options.signInAllowances },
  });
  let counter = 0;

  async function somebody(): Promise<Somebody> {
    counter += 1;
    const email = `somebody${counter}@example.org`;
    const { id } = await app.addAccount(email, PASSWORD);
    return { id, email, password: PASSWORD };
  }

  return {
    ...app,
    clock,
    somebody,
    somebodyWithApp: async () => {
      const who = await somebody();
      const client = await app.signedIn(who);
      return { ...who, client, ...(await setUpApp(client, clock)) };
    },
    begin: async ({ email, password }, client = app.visitor()) => ({
      client,
      answer: await client.json('POST', '/api/session', { email, password }),
    }),
    give: (client, code) => client.json('POST', '/api/session/second-factor', { code }),
  };
}

/** Sets up an authenticator app as somebody who is signed in. */
export async function setUpApp(
  client: Client,
  clock: { nowMs: number },
): Promise<Pick<WithApp, 'nextCode' | 'codeAt' | 'recoveryCodes'>> {
  const begun = await client.json('POST', '/api/account/second-factor/totp', {});
  if (begun.status !== 201) throw new Error(`beginning gave ${begun.status}`);
  const { secret } = (await begun.json()) as { secret: string };
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const codeAt = (steps: number) => totp.generate({ timestamp: clock.nowMs + steps * STEP_MS });
  const nextCode = () => {
    clock.nowMs += STEP_MS;
    return codeAt(0);
  };
  const confirmed = await client.json('PUT', '/api/account/second-factor/totp', {
    code: nextCode(),
  });
  if (confirmed.status !== 200) throw new Error(`confirming gave ${confirmed.status}`);
  const { recoveryCodes } = (await confirmed.json()) as { recoveryCodes: string[] };
  return { nextCode, codeAt, recoveryCodes };
}

/** The `code` of a problem document. */
export async function problemOf(answer: Response): Promise<string> {
  const { type } = (await answer.json()) as { type: string };
  return type.replace('urn:claimcheck:problem:', '');
}

/** Whether this client is signed in. */
export async function isIn(client: Client): Promise<boolean> {
  return (await client.get('/api/session')).status === 200;
}
