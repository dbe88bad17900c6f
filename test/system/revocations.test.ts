// Whatever a claim hangs from can be taken away, and the very next request feels it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Client } from '../app/client.js';
import { mint, startSystem, tryDownload, upload, type System } from './start-system.js';

let system: System;
let admin: Client;
beforeAll(async () => {
  system = await startSystem(1);
  admin = await system.signIn();
});
afterAll(async () => {
  await system.stop();
});

async function addMember(): Promise<{ id: string; email: string; password: string }> {
  const account = {
    email: `m${Math.random()}@example.org`,
    password: 'a password for a member',
    role: 'member',
  };
  const added = await admin.json('POST', '/api/accounts', account);
  expect(added.status).toBe(201);
  return { ...account, id: ((await added.json()) as { id: string }).id };
}

test('signing out kills the session’s claims, and no other session’s', async () => {
  const [client, other] = [await system.signIn(), await system.signIn()];
  const file = await upload(client);
  const [mine, others] = [await mint(client, file.id), await mint(other, file.id)];
  expect((await client.request('DELETE', '/api/session')).status).toBe(204);
  expect((await tryDownload(mine.url)).outcome).toBe('410 revoked');
  expect((await tryDownload(others.url)).outcome).toBe('200');
});

test('ending a device kills its claims', async () => {
  const [client, other] = [await system.signIn(), await system.signIn()];
  const claim = await mint(client, (await upload(client)).id);
  const { session } = (await (await client.get('/api/session')).json()) as {
    session: { id: string };
  };
  expect((await other.request('DELETE', `/api/sessions/${session.id}`)).status).toBe(204);
  expect((await tryDownload(claim.url)).outcome).toBe('410 revoked');
  expect((await client.get('/api/files')).status).toBe(401);
});

test('disabling an account kills its claims and sessions', async () => {
  const member = await addMember();
  const client = await system.signIn(member);
  const claim = await mint(client, (await upload(client)).id);
  expect((await admin.json('PATCH', `/api/accounts/${member.id}`, { disabled: true })).status).toBe(
    200,
  );
  expect((await tryDownload(claim.url)).outcome).toBe('410 revoked');
  expect((await client.get('/api/files')).status).toBe(401);
  const signIn = await createClient(system.appUrl, system.appUrl).json(
    'POST',
    '/api/session',
    member,
  );
  expect(signIn.status).toBe(401);
});

test('deleting a file kills its claims', async () => {
  const client = await system.signIn();
  const [file, kept] = [await upload(client), await upload(client)];
  const [claim, other] = [await mint(client, file.id), await mint(client, kept.id)];
  expect((await client.request('DELETE', `/api/files/${file.id}`)).status).toBe(204);
  // The file is looked for before the ledger is asked.
  expect((await tryDownload(claim.url)).outcome).toBe('404 file-missing');
  expect((await tryDownload(other.url)).outcome).toBe('200');
});

test('revoking a claim kills it alone', async () => {
  const client = await system.signIn();
  const file = await upload(client);
  const [claim, other] = [await mint(client, file.id), await mint(client, file.id)];
  expect((await client.request('DELETE', `/api/claims/${claim.id}`)).status).toBe(204);
  expect((await tryDownload(claim.url)).outcome).toBe('410 revoked');
  expect((await tryDownload(other.url)).outcome).toBe('200');
});
