// The published keys: what the download servers build their trust on.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readPublishedKeys } from '@claimcheck/shared/claim';
import { startTestAppServer, type TestAppServer } from './start-app-server.js';

const PATH = '/.well-known/claimcheck/keys';

let app: TestAppServer;
beforeAll(async () => {
  app = await startTestAppServer();
});
afterAll(async () => await app.stop());

describe('the published keys', () => {
  test('are readable by anybody, and may be kept for a minute', async () => {
    const response = await app.visitor().get(PATH);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain('application/json');
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=60');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect((await readPublishedKeys(await response.json())).ids).toHaveLength(1);
  });

  test('are not sent again to who has them', async () => {
    const etag = (await app.visitor().get(PATH)).headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    // fetch would add `no-cache` by itself, which asks for the whole document.
    const asking = { 'Cache-Control': 'max-age=0' };
    const again = await app.visitor().get(PATH, { ...asking, 'If-None-Match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const other = await app.visitor().get(PATH, { ...asking, 'If-None-Match': '"other"' });
    expect(other.status).toBe(200);
  });

  test('hold nothing of the secret ones', async () => {
    const published = await (await app.visitor().get(PATH)).text();
    const directory = join(app.config.dataDir, 'keys');
    const files = await readdir(directory);
    expect(files.filter((name) => name.endsWith('.k4.secret'))).toHaveLength(1);
    expect(published).not.toContain('secret');
    for (const file of files) {
      const secret = (await readFile(join(directory, file), 'utf8')).trim();
      const bytes = Buffer.from(secret.replace('k4.secret.', ''), 'base64url').subarray(0, 32);
      expect(published).not.toContain(bytes.toString('base64url').slice(0, 40));
    }
  });

  test('stay the same over a restart, so that claims outlive it', async () => {
    const dataDir = join(app.config.dataDir, 'second');
    const documents: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const again = await startTestAppServer({ dataDir });
      documents.push(await (await again.visitor().get(PATH)).text());
      await again.stop();
    }
    expect(documents[1]).toBe(documents[0]);
  });
});
