// The promise in one sentence: of all requests that carry one claim, on any number of download
// servers, exactly one is answered with the file.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import {
  at,
  MARK,
  mint,
  startInOneProcess,
  startSystem,
  tryDownload,
  upload,
  type System,
} from './start-system.js';

const CLAIMS = 50;
const REQUESTS = 200;

async function expectOneCopyEach(system: System, client: Client): Promise<void> {
  for (let i = 0; i < CLAIMS; i += 1) {
    const file = await upload(client, 1000 + i * 997);
    const claim = await mint(client, file.id);
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, (_, n) =>
        tryDownload(at(system.downloadUrls[n % system.downloadUrls.length], claim)),
      ),
    );
    const served = answers.filter(({ outcome }) => outcome === '200');
    const refused = answers.filter(({ outcome }) => outcome === '410 already-used');
    expect([served.length, refused.length]).toEqual([1, REQUESTS - 1]);
    expect(served[0]?.body.equals(file.content)).toBe(true);
    expect(refused.filter(({ body }) => body.includes(MARK))).toEqual([]);
  }
}

describe('50 claims, each requested 200 times at once', () => {
  describe('from two download-server processes over one Redis', () => {
    let system: System;
    beforeAll(async () => {
      system = await startSystem(2);
    });
    afterAll(async () => {
      await system.stop();
    });

    test('give the file exactly once each, and nothing of it in any refusal', async () => {
      await expectOneCopyEach(system, await system.signIn());
    }, 180_000);

    test('appear as finished in the claims list within two seconds', async () => {
      const client = await system.signIn();
      const file = await upload(client, 5000);
      const claim = await mint(client, file.id);
      const state = async () => {
        const list = (await (await client.get('/api/claims')).json()) as {
          claims: { id: string; state: string }[];
        };
        return list.claims.find(({ id }) => id === claim.id)?.state;
      };
      expect(await state()).toBe('waiting');
      await tryDownload(claim.url);
      const finishedAt = Date.now();
      while ((await state()) !== 'finished') expect(Date.now() - finishedAt).toBeLessThan(2000);
    });
  });

  describe('from one process on the memory ledger', () => {
    let system: System;
    beforeAll(async () => {
      system = await startInOneProcess();
    });
    afterAll(async () => {
      await system.stop();
    });

    test('give the file exactly once each, and nothing of it in any refusal', async () => {
      await expectOneCopyEach(system, await system.signIn());
    }, 180_000);
  });
});
