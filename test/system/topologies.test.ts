// The main job over a master that Sentinels name and over a Cluster, by the real executables: sign in,
// upload, mint, download once, revoke, read the claims list, sign out.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { startCluster } from '../support/redis-cluster.js';
import { startSentinelGroup } from '../support/redis-sentinel.js';
import { waitFor } from '../support/wait-for.js';
import { at, mint, startSystem, tryDownload, upload, type System } from './start-system.js';

const topologies = { Sentinel: startSentinelGroup, Cluster: startCluster };

describe.each(['Sentinel', 'Cluster'] as const)('over %s', (name) => {
  let servers: { url: string; stop(): Promise<void> };
  let system: System;
  let client: Client;
  beforeAll(async () => {
    servers = await topologies[name]();
    system = await startSystem(2, servers.url);
    client = await system.signIn();
  }, 120_000);
  afterAll(async () => {
    await system.stop();
    await servers.stop();
  });

  test('twenty claims are served once each by two download servers', async () => {
    const file = await upload(client);
    for (let i = 0; i < 20; i += 1) {
      const claim = await mint(client, file.id);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => tryDownload(at(system.downloadUrls[n % 2], claim))),
      );
      const outcomes = answers.map(({ outcome }) => outcome).toSorted();
      expect(outcomes).toEqual(['200', ...Array<string>(9).fill('410 already-used')]);
    }
  });

  test('what happened to each appears in the claims list', async () => {
    await waitFor('twenty are finished', async () => {
      const { claims } = (await (await client.get('/api/claims')).json()) as {
        claims: { state: string }[];
      };
      return claims.filter(({ state }) => state === 'finished').length === 20;
    });
  });

  test('devices are listed, and signing out kills the session’s claims', async () => {
    const other = await system.signIn();
    const claims = await Promise.all(
      Array.from({ length: 20 }, async () => await mint(other, (await upload(other)).id)),
    );
    const { sessions } = (await (await client.get('/api/sessions')).json()) as {
      sessions: unknown[];
    };
    expect(sessions).toHaveLength(2);
    expect((await other.request('DELETE', '/api/session')).status).toBe(204);
    for (const claim of claims) expect((await tryDownload(claim.url)).outcome).toBe('410 revoked');
    expect((await other.get('/api/session')).status).toBe(401);
  });
});
