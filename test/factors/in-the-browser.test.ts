// Second factors as a person meets them, in Chromium with an authenticator of its own (virtual, over CDP): a
// passkey is made, signs in, is the second step and a proof; an app is set up from the QR code's own text.
import { Secret, TOTP } from 'otpauth';
import type { CDPSession, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { signIn, startBrowsing, type Browsing } from '../browser/start-browsing.js';

let browsing: Browsing;
beforeAll(async () => {
  browsing = await startBrowsing();
}, 120_000);
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(() => browsing.stop());

interface Authenticator {
  cdp: CDPSession;
  id: string;
  /** Somebody touches the sensor, or not. */
  verify(isVerified: boolean): Promise<void>;
  /** Answers by itself, or waits for somebody. */
  present(isPresent: boolean): Promise<void>;
}

async function addAuthenticator(page: Page): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    cdp,
    id,
    verify: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified });
    },
    present: async (enabled) => {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: id, enabled });
    },
  };
}

/** Makes the first passkey of an account that is signed in, and passes its recovery codes. */
async function makePasskey(page: Page, name: string): Promise<string[]> {
  await page.goto('/account');
  await page.getByRole('link', { name: 'Set up an app or a passkey' }).click();
  await page.getByLabel('Name of a new passkey').fill(name);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  const codes = (await page.getByLabel(/^Recovery codes for/).inputValue()).split('\n');
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await page.getByRole('heading', { name: 'Second factor', exact: true }).waitFor();
  return codes;
}

/** Signs out, and waits until the sign-in page has asked by itself: what is pressed then is the button's own doing. */
async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.waitForFunction(() => 'askedByItself' in window);
}

/** Runs in each page before its own scripts. */
function noteAsking(): void {
  // Not on the empty page that a tab begins with.
  if (!('credentials' in navigator)) return;
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (options) => {
    const given = get(options);
    if (options?.mediation === 'conditional') Object.assign(window, { askedByItself: true });
    return given;
  };
}

async function firstStep(page: Page, who: { email: string; password: string }): Promise<void> {
  await page.goto('/sign-in?next=%2Fclaims');
  await page.getByLabel('E-mail address').fill(who.email);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

let counter = 0;
async function addMember(): Promise<{ email: string; password: string }> {
  counter += 1;
  const who = { email: `member${counter}@example.org`, password: 'a password for a member' };
  const admin = await browsing.system.signIn();
  const added = await admin.json('POST', '/api/accounts', { ...who, role: 'member' });
  expect(added.status).toBe(201);
  return who;
}

/** A page with an authenticator, signed in as a new member. */
async function openMember() {
  const who = await addMember();
  const page = await browsing.open();
  await page.addInitScript(noteAsking);
  const authenticator = await addAuthenticator(page);
  // Until a button is pressed nobody is there: an open sign-in page asks by itself.
  await authenticator.present(false);
  await signIn(page, who);
  await authenticator.present(true);
  return { who, page, authenticator };
}

const pressPasskey = (page: Page) => page.getByRole('button', { name: 'Use a passkey' }).click();

describe('a passkey', () => {
  test('is made, signs in from the sign-in page, and shows when it was last used', async () => {
    const { page, authenticator } = await openMember();
    expect(await makePasskey(page, 'blue key')).toHaveLength(10);
    const row = page.getByRole('row').filter({ hasText: 'blue key' });
    await row.getByText('never').waitFor();
    await authenticator.present(false);
    await signOut(page);
    await authenticator.present(true);
    await pressPasskey(page);
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();
    await page.goto('/account/second-factor');
    await row.waitFor();
    expect(await row.getByText('never').count()).toBe(0);
    await page.context().close();
  });

  test('is the second step after the password, and leads on to where one was going', async () => {
    const { page, who, authenticator } = await openMember();
    await makePasskey(page, 'blue key');
    await page.context().clearCookies();
    await authenticator.present(false);
    await firstStep(page, who);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    await page.waitForLoadState('load');
    await authenticator.present(true);
    await pressPasskey(page);
    await page.getByRole('heading', { name: 'Claims', exact: true }).waitFor();
    await page.context().close();
  });

  test('confirms that it is oneself', async () => {
    const { page } = await openMember();
    await makePasskey(page, 'blue key');
    await page.goto('/confirm-identity?next=%2Fdevices');
    await pressPasskey(page);
    await page.getByRole('heading', { name: 'Devices', exact: true }).waitFor();
    await page.context().close();
  });

  test('is not used when nobody touches the sensor, and the page says so', async () => {
    const { page, authenticator } = await openMember();
    await makePasskey(page, 'blue key');
    await authenticator.verify(false);
    await page.goto('/confirm-identity?next=%2Fdevices');
    await pressPasskey(page);
    await page.getByText('No passkey was used.').waitFor();
    await page.context().close();
  });

  test('that was deleted here is refused, and the page says what to do', async () => {
    const { page, authenticator } = await openMember();
    await makePasskey(page, 'blue key');
    const row = page.getByRole('row').filter({ hasText: 'blue key' });
    await row.locator('summary', { hasText: 'Delete' }).click();
    await row.getByRole('button', { name: 'Delete passkey' }).click();
    await page.getByText('That passkey no longer signs in here.').waitFor();
    await authenticator.present(false);
    await signOut(page);
    await authenticator.present(true);
    await pressPasskey(page);
    await page.getByText('That passkey was not accepted.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await page.context().close();
  });

  test('gives an answer that counts once: the same sent again is refused', async () => {
    const { page, authenticator } = await openMember();
    await makePasskey(page, 'blue key');
    await authenticator.present(false);
    await signOut(page);
    await authenticator.present(true);
    const sent = page.waitForRequest(
      (request: Request) => new URL(request.url()).pathname === '/api/session/passkey',
    );
    await pressPasskey(page);
    const body = (await sent).postData() ?? '';
    await page.getByRole('heading', { name: 'Files', exact: true }).waitFor();
    const replayed = await page.evaluate(async (text) => {
      const answer = await fetch('/api/session/passkey', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: text,
      });
      return { status: answer.status, text: await answer.text() };
    }, body);
    expect(replayed.status).toBe(401);
    expect(replayed.text).toContain('passkey-refused');
    await page.context().close();
  });

  test('is offered by the e-mail field itself, and signs in without a press', async () => {
    const { page } = await openMember();
    await makePasskey(page, 'blue key');
    await page.context().clearCookies();
    // As if chosen from the field's list at once: the page asks by itself, and somebody is there.
    await page.goto('/sign-in?next=%2Fdevices');
    await page.getByRole('heading', { name: 'Devices', exact: true }).waitFor();
    await page.context().close();
  });

  test('of one site is not even asked for at another', async () => {
    const { page } = await openMember();
    await makePasskey(page, 'blue key');
    // Another host to WebAuthn, though the same machine; what a forged page would try.
    const { port } = new URL(browsing.system.appUrl);
    await page.goto(`http://127.0.0.1:${port}/sign-in`);
    const refused = await page.evaluate(async () => {
      try {
        await navigator.credentials.get({
          publicKey: { challenge: new Uint8Array(32), rpId: 'localhost' },
        });
        return 'given';
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(refused).toBe('SecurityError');
    await page.context().close();
  });
});

describe('an authenticator app', () => {
  test('is set up by its key, gives recovery codes, and is asked for at the next sign-in', async () => {
    const { page, who } = await openMember();
    await page.goto('/account/second-factor');
    await page.getByRole('button', { name: 'Set up an app' }).click();
    await page.getByRole('img', { name: /^QR code/ }).waitFor();
    const typed = await page.getByLabel('Or type this key').inputValue();
    const url = await page.getByRole('link', { name: 'open the app' }).getAttribute('href');
    const secret = new URL(url ?? '').searchParams.get('secret') ?? '';
    expect(typed.replaceAll(' ', '')).toBe(secret);
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });

    await page.getByLabel('Code', { exact: true }).fill('000000');
    await page.getByRole('button', { name: 'Use this app' }).click();
    await page.getByText('That code is not right.').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(totp.generate());
    await page.getByRole('button', { name: 'Use this app' }).click();
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    const codes = (await page.getByLabel(/^Recovery codes for/).inputValue()).split('\n');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as text' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('claimcheck-recovery-codes.txt');

    await page.context().clearCookies();
    await firstStep(page, who);
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    // The code of now has set the app up; that of the next step counts as well.
    await page
      .getByLabel('Code of your authenticator app')
      .fill(totp.generate({ timestamp: Date.now() + 30_000 }));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Claims', exact: true }).waitFor();

    await page.context().clearCookies();
    await firstStep(page, who);
    await page.getByLabel('Code of your authenticator app').fill(codes[0] ?? '');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Claims', exact: true }).waitFor();
    await page.context().close();
  });

  test('is set up and used without script', async () => {
    const who = await addMember();
    const page = await browsing.open({ javaScriptEnabled: false });
    await signIn(page, who);
    await page.goto('/account/second-factor');
    await page.getByText('Passkeys need JavaScript').waitFor();
    await page.getByRole('button', { name: 'Set up an app' }).click();
    const key = await page.getByLabel('Or type this key').inputValue();
    const totp = new TOTP({ secret: Secret.fromBase32(key.replaceAll(' ', '')) });
    await page.getByLabel('Code', { exact: true }).fill(totp.generate());
    await page.getByRole('button', { name: 'Use this app' }).click();
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await page.context().clearCookies();
    await firstStep(page, who);
    await page
      .getByLabel('Code of your authenticator app')
      .fill(totp.generate({ timestamp: Date.now() + 30_000 }));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Claims', exact: true }).waitFor();
    await page.context().close();
  });

  test('can be taken away by an administrator, who is asked first', async () => {
    const { page, who } = await openMember();
    await makePasskey(page, 'blue key');
    const admin = await browsing.openSignedIn();
    await admin.goto('/accounts');
    const row = admin.getByRole('row').filter({ hasText: who.email });
    await row.getByText('second factor', { exact: true }).waitFor();
    await row.locator('summary', { hasText: 'Second factor' }).click();
    await row.getByRole('button', { name: 'Remove second factor' }).click();
    await admin.getByText('The second factor was removed.').waitFor();
    await page.context().clearCookies();
    await signIn(page, who);
    await admin.context().close();
    await page.context().close();
  });
});
