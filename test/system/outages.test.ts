// What happens to claims when Redis stands still, dies, or comes back empty: nothing is served
// without a burn, nothing is burned without being served, and nobody has to restart anything.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { waitFor } from '../support/wait-for.js';
import { mint, startSystem, tryDownload, upload, type System } from './start-system.js';

let system: System;
let client: Client;
beforeAll(async () => {
  system = await startSystem(1);
  client = await system.signIn();
});
afterAll(async () => {
  await system.stop();
});

const ready = (url: string | undefined) =>
  waitFor('it is ready again', async () => (await fetch(`${url}/readyz`)).ok);

describe('while Redis stands still', () => {
  test('a claim gets 503 with Retry-After within a second or so, and works when Redis goes on', async () => {
    const file = await upload(client);
    const claim = await mint(client, file.id);
    system.redis?.suspend();
    const refused = await tryDownload(claim.url);
    expect(refused.outcome).toBe('503 ledger-unavailable');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${system.downloadUrls[0]}/readyz`)).status).toBe(503);
    system.redis?.resume();
    await ready(system.downloadUrls[0]);
    const { outcome, body } = await tryDownload(claim.url);
    expect(outcome).toBe('200');
    expect(body.equals(file.content)).toBe(true);
    expect((await tryDownload(claim.url)).outcome).toBe('410 already-used');
  });

  test('the app server says so instead of minting, signing in or signing out by half', async () => {
    const file = await upload(client);
    system.redis?.suspend();
    try {
      for (const [method, path, body] of [
        ['POST', '/api/claims', { fileId: file.id }],
        ['DELETE', '/api/session', {}],
      ] as const) {
        const answer = await client.json(method, path, body);
        expect({ path, status: answer.status }).toEqual({ path, status: 503 });
        expect(answer.headers.get('retry-after')).not.toBeNull();
      }
    } finally {
      system.redis?.resume();
    }
    await ready(system.appUrl);
    expect((await client.get('/api/session')).status).toBe(200);
    expect((await tryDownload((await mint(client, file.id)).url)).outcome).toBe('200');
  });
});

describe('when Redis was restarted empty', () => {
  test('older claims are superseded, burned or not, and new ones work without a restart of ours', async () => {
    const file = await upload(client);
    const [burned, unburned] = [await mint(client, file.id), await mint(client, file.id)];
    expect((await tryDownload(burned.url)).outcome).toBe('200');

    await system.redis?.kill();
    expect((await tryDownload(unburned.url)).outcome).toBe('503 ledger-unavailable');
    await system.redis?.restart();
    await ready(system.downloadUrls[0]);
    await ready(system.appUrl);

    expect((await tryDownload(burned.url)).outcome).toBe('410 superseded');
    expect((await tryDownload(unburned.url)).outcome).toBe('410 superseded');
    // Sessions were in that Redis too.
    client = await system.signIn();
    expect((await tryDownload((await mint(client, file.id)).url)).outcome).toBe('200');
  });
});
