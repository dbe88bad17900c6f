// Uses the whole system so that every kind of secret there is gets made, handed out and used, and some are
// left unused: what is still good is worth most to a thief. One function a kind of secret.
import { randomBytes } from 'node:crypto';
import type { Client } from '../app/client.js';
import { tokenOf } from '../app/files-and-claims.js';
import { createRecipient, makeLink } from '../links/press-link.js';
import type { MailServer } from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { ADMIN, mint, tryDownload, upload, type System } from '../system/start-system.js';
import type { Receiver } from '../webhooks/start-receiver.js';
import { collectSecrets, expectStatus, type Collected } from './collect-secrets.js';
import type { Secret } from './find-secrets.js';
import { useHandOff, useProvider, type Elsewhere } from './use-elsewhere.js';
import { useFactors } from './use-factors.js';

export const MAX_SESSIONS = 5;

/** What the servers must be set to, so that every kind of secret can come up. */
export const SETTINGS = {
  MAX_SESSIONS: String(MAX_SESSIONS),
  SESSION_LIMIT_ACTION: 'refuse',
  WEBHOOK_ALLOW_PRIVATE: '1',
};

export interface Run {
  system: System;
  mailServer: MailServer;
  receiver: Receiver;
  elsewhere: Elsewhere;
}

export interface Using extends Run {
  collected: Collected;
  /** The administrator's browser, signed in. */
  admin: Client;
}

/** Everything, one after the other; returns all secrets there were. */
export async function useEverySecret(run: Run): Promise<Secret[]> {
  const collected = collectSecrets(run.system.appUrl, run.mailServer);
  const admin = await signIn(collected, ADMIN.email, collected.keep('password', ADMIN.password));
  const using: Using = { ...run, collected, admin };
  await useSessions(using);
  await useRemembering(using);
  await useClaims(using);
  await useLinks(using);
  await useMailedLinks(using);
  await useWebhooks(using);
  await useApiKeys(using);
  await useElsewhere(using);
  await useFactors({ collected, ...(await addMember(using)) });
  return collected.secrets;
}

export async function signIn(
  collected: Collected,
  email: string,
  password: string,
): Promise<Client> {
  const browser = collected.browser();
  await expectStatus(204, browser.json('POST', '/api/session', { email, password }));
  return browser;
}

/** A password that nobody else has. */
export function newPassword({ collected }: Using): string {
  return collected.keep('password', `a phrase ${randomBytes(9).toString('hex')}`);
}

export interface Member {
  email: string;
  password: string;
  browser: Client;
}

/** A member of their own, signed in. */
export async function addMember(using: Using): Promise<Member> {
  const email = `member-${randomBytes(4).toString('hex')}@example.org`;
  const password = newPassword(using);
  const wanted = { email, password, role: 'member' };
  await expectStatus(201, using.admin.json('POST', '/api/accounts', wanted));
  return { email, password, browser: await signIn(using.collected, email, password) };
}

async function useSessions(using: Using): Promise<void> {
  const { collected, admin } = using;
  const { email, browser } = await addMember(using);
  const typed = collected.keep('password, a wrong one', `wrong ${randomBytes(9).toString('hex')}`);
  const wrong = { email, password: typed };
  await expectStatus(401, collected.browser().json('POST', '/api/session', wrong));
  const proof = { password: ADMIN.password };
  await expectStatus(204, admin.json('POST', '/api/session/proof', proof));
  const signedOut = await signIn(collected, ADMIN.email, ADMIN.password);
  await expectStatus(204, signedOut.request('DELETE', '/api/session'));
  await expectStatus(200, browser.get('/api/session'));
}

/** A remembered browser that comes back, and a sign-in that waits for room. */
async function useRemembering(using: Using): Promise<void> {
  const { collected } = using;
  const { email, password } = await addMember(using);
  const wanted = { email, password, remember: true };
  const remembered = collected.browser();
  await expectStatus(204, remembered.json('POST', '/api/session', wanted));
  for (let times = 0; times < 2; times += 1) {
    remembered.cookies.delete('__Host-claimcheck');
    await expectStatus(200, remembered.get('/api/files'));
  }
  const isFull = async () => {
    const asking = collected.browser();
    await asking.json('POST', '/api/session', wanted);
    return asking.cookies.has('__Host-claimcheck-waiting');
  };
  for (let sessions = 0; !(await isFull()); sessions += 1) {
    if (sessions === MAX_SESSIONS) throw new Error('a sign-in over the limit does not wait');
  }
}

async function useClaims({ collected, admin }: Using): Promise<void> {
  const file = await upload(admin);
  for (const mode of ['strict', 'resumable'] as const) {
    const { url } = await mint(admin, file.id, mode);
    collected.keep('claim', tokenOf(url));
    if ((await tryDownload(url)).outcome !== '200') throw new Error('a claim was not good');
  }
  collected.keep('claim', tokenOf((await mint(admin, file.id)).url));
}

async function useLinks({ system, collected, admin }: Using): Promise<void> {
  const file = await upload(admin, 2000, 'for a recipient.bin');
  const { appUrl } = system;
  const use = async (url: string, code: string | undefined) => {
    collected.keep('handle /l/', new URL(url).pathname.slice('/l/'.length));
    collected.keep('code of a link', code);
    const recipient = createRecipient(appUrl, appUrl);
    const pressed = await recipient.take(url, { code: code ?? '' });
    for (const [name, value] of recipient.client.cookies) collected.keep(`cookie ${name}`, value);
    collected.keep('claim', tokenOf(pressed.claimUrl ?? ''));
    return pressed.claimUrl ?? '';
  };
  const wish = { to: 'rae@example.org', copies: 2, code: true };
  const mailed = await makeLink(admin, file.id, wish);
  await collected.mailedPath('rae@example.org', /for a recipient/);
  const claimUrl = await use(mailed.url, mailed.code);
  if ((await tryDownload(claimUrl)).outcome !== '200') throw new Error('a claim was not good');
  // The notice to the sender has the way out of notices.
  await collected.mailedPath(ADMIN.email, /fetched/i);
  const unused = await makeLink(admin, file.id, { code: true });
  collected.keep('handle /l/', new URL(unused.url).pathname.slice('/l/'.length));
  collected.keep('code of a link', unused.code);
}

async function useMailedLinks(using: Using): Promise<void> {
  const { collected, admin } = using;
  const { email } = await addMember(using);
  const ask = async (what: string, subject: RegExp) => {
    const visitor = collected.browser();
    await expectStatus(202, visitor.json('POST', `/api/${what}`, { email }));
    return { visitor, path: await collected.mailedPath(email, subject) };
  };
  const entering = await ask('sign-in-links', /sign-in link/i);
  const handle = entering.path.slice('/i/'.length);
  await expectStatus(204, entering.visitor.json('POST', '/api/session/handle', { handle }));
  const resetting = await ask('password-resets', /new password/i);
  const chosen = { handle: resetting.path.slice('/i/'.length), password: newPassword(using) };
  await expectStatus(204, resetting.visitor.json('PUT', '/api/account/chosen-password', chosen));
  await ask('sign-in-links', /sign-in link/i);
  await ask('password-resets', /new password/i);
  for (const invited of ['ben@example.org', 'cem@example.org']) {
    const wanted = { email: invited, role: 'member' };
    await expectStatus(201, admin.json('POST', '/api/invitations', wanted));
    const path = await collected.mailedPath(invited, /invited/i);
    if (invited.startsWith('cem')) continue;
    const accepted = { handle: path.slice('/i/'.length), password: newPassword(using) };
    const visitor = collected.browser();
    await expectStatus(204, visitor.json('PUT', '/api/account/chosen-password', accepted));
  }
}

async function useWebhooks({ collected, admin, receiver }: Using): Promise<void> {
  const keepSecret = async (answer: Response) => {
    const { id, secret: text } = (await answer.json()) as { id: string; secret: string };
    collected.keep('webhook secret', text, Buffer.from(text.slice('whsec_'.length), 'base64'));
    return id;
  };
  const wanted = { url: receiver.url };
  const id = await keepSecret(await expectStatus(201, admin.json('POST', '/api/webhooks', wanted)));
  const rotating = admin.request('POST', `/api/webhooks/${id}/secret`);
  await keepSecret(await expectStatus(200, rotating));
  await expectStatus(202, admin.request('POST', `/api/webhooks/${id}/test`));
  await waitFor('a delivery', () => receiver.deliveries.length > 0);
}

async function useApiKeys({ collected, admin, system }: Using): Promise<void> {
  for (const use of [true, false]) {
    const wanted = { name: `used: ${use}`, scopes: ['claims:mint', 'claims:manage'] };
    const made = await expectStatus(201, admin.json('POST', '/api/api-keys', wanted));
    const key = collected.keep('API key', ((await made.json()) as { key: string }).key);
    if (!use) continue;
    const headers = { Authorization: `Bearer ${key}` };
    await expectStatus(200, fetch(`${system.appUrl}/api/claims`, { headers }));
    const slip = { Authorization: `Bearer ${key.slice(0, -1)}` };
    await expectStatus(401, fetch(`${system.appUrl}/api/claims`, { headers: slip }));
  }
}

async function useElsewhere(using: Using): Promise<void> {
  const elsewhere = { ...using, appUrl: using.system.appUrl };
  await useProvider(elsewhere, (await addMember(using)).email);
  await useHandOff(elsewhere, (await addMember(using)).browser);
}
