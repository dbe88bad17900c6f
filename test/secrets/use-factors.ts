// Uses the secrets of second factors: an authenticator app with its codes, recovery codes, the cookie between
// the two steps, challenges of passkeys. Something of each is left unused.
import { Secret, TOTP } from 'otpauth';
import type { Client } from '../app/client.js';
import { expectStatus, type Collected } from './collect-secrets.js';

const STEP_MS = 30_000;

interface Using {
  collected: Collected;
  /** Signed in, having proven lately who they are; without a second factor. */
  browser: Client;
  email: string;
  password: string;
}

export async function useFactors({ collected, browser, ...credentials }: Using): Promise<void> {
  const beginApp = async (client: Client) => {
    const path = '/api/account/second-factor/totp';
    const begun = await expectStatus(201, client.json('POST', path, {}));
    const { secret } = (await begun.json()) as { secret: string };
    collected.keep('secret of an authenticator app', secret);
    return new TOTP({ secret: Secret.fromBase32(secret) });
  };
  /** A step before or after counts too, and each step once: so three are at hand without waiting. */
  const codeOf = (app: TOTP, steps: number) => {
    const code = app.generate({ timestamp: Date.now() + steps * STEP_MS });
    return collected.keep('code of an authenticator app', code);
  };
  const enter = async () => {
    const entering = collected.browser();
    await expectStatus(202, entering.json('POST', '/api/session', credentials));
    return entering;
  };
  const give = async (entering: Client, code: string) => {
    await expectStatus(204, entering.json('POST', '/api/session/second-factor', { code }));
    return entering;
  };

  const app = await beginApp(browser);
  const confirming = { code: codeOf(app, -1) };
  const path = '/api/account/second-factor/totp';
  const confirmed = await expectStatus(200, browser.json('PUT', path, confirming));
  const { recoveryCodes } = (await confirmed.json()) as { recoveryCodes: string[] };
  for (const code of recoveryCodes) collected.keep('recovery code', code);
  await give(await enter(), recoveryCodes[0] ?? '');
  const entered = await give(await enter(), codeOf(app, 1));
  await beginApp(entered);
  await enter();
  for (const asking of [collected.browser(), entered]) {
    const options = asking.json('POST', '/api/session/passkey/options', {});
    const { challenge } = (await (await expectStatus(200, options)).json()) as {
      challenge: string;
    };
    collected.keep('challenge of a passkey', challenge);
  }
}
