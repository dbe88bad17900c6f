// What every answer of the app server has in common: problems, pages, headers, methods, assets.
import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDatabase } from '../support/postgres.js';
import { DOWNLOAD_ORIGIN, startTestAppServer, type TestAppServer } from './start-app-server.js';

let app: TestAppServer;
beforeAll(async () => {
  app = await startTestAppServer({ databaseUrl: await createDatabase() });
});
afterAll(() => app.stop());

describe('a refusal', () => {
  test('is a problem document for programs and a page for browsers, with the same status', async () => {
    const problem = await app.visitor().get('/nowhere');
    expect(problem.status).toBe(404);
    expect(problem.headers.get('Content-Type')).toContain('application/problem+json');
    expect(await problem.json()).toEqual({
      type: 'urn:claimcheck:problem:not-found',
      title: expect.any(String),
      status: 404,
      detail: expect.any(String),
      instance: `urn:uuid:${problem.headers.get('X-Request-Id')}`,
    });
    const page = await app.visitor().get('/nowhere', { Accept: 'text/html' });
    expect(page.status).toBe(404);
    expect(page.headers.get('Content-Type')).toContain('text/html');
    expect(await page.text()).toContain(page.headers.get('X-Request-Id') ?? 'an id');
  });

  test('for somebody not signed in is 401 in the API and the way to sign in on pages', async () => {
    const api = await app.visitor().get('/api/files', { Accept: 'text/html' });
    expect(api.status).toBe(401);
    const page = await app.visitor().get('/files');
    expect([page.status, page.headers.get('Location')]).toEqual([303, '/sign-in?next=%2Ffiles']);
    const posted = await app.visitor().form('/files/x/delete');
    expect([posted.status, posted.headers.get('Location')]).toEqual([303, '/sign-in']);
  });

  test('of a method lists the methods there are', async () => {
    const client = await app.signedIn();
    for (const method of ['DELETE', 'PATCH']) {
      const response = await client.request(method, '/api/claims');
      expect(response.status).toBe(405);
      expect(response.headers.get('Allow')?.split(', ').toSorted()).toEqual([
        'GET',
        'HEAD',
        'POST',
      ]);
      expect(await response.json()).toMatchObject({
        type: 'urn:claimcheck:problem:method-not-allowed',
      });
    }
  });

  test.each([
    '/%',
    '/files/%ff/delete',
    '/assets/..%2f..%2fpackage.json',
    '//evil.example/x',
    '/api/claims?after=%',
  ])('and nothing worse comes of the odd address %s', async (path) => {
    const client = await app.signedIn();
    const status = await new Promise<number>((resolve, reject) => {
      const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const { port } = new URL(app.url);
      rawRequest({ host: '127.0.0.1', port, path, headers: { cookie } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once('error', reject)
        .end();
    });
    expect([404, 405, 422]).toContain(status);
  });
});

describe('headers', () => {
  test.each(['/sign-in', '/nowhere', '/api/session', '/livez'])(
    'of %s keep pages to themselves',
    async (path) => {
      const { headers } = await app.visitor().get(path);
      expect(headers.get('Content-Security-Policy')?.split(';')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        `form-action 'self' ${DOWNLOAD_ORIGIN}`,
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(headers.get('Referrer-Policy')).toBe('same-origin');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('X-Powered-By')).toBeNull();
    },
  );

  test('of everything personal forbid every cache to keep it', async () => {
    const client = await app.signedIn();
    for (const path of ['/files', '/claims', '/devices', '/account', '/accounts', '/api/session']) {
      const response = await client.get(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('Cache-Control')).toBe('no-store');
    }
  });
});

describe('assets', () => {
  test('are named by their content and kept for a year, and revalidated by any other name', async () => {
    const page = await (await app.visitor().get('/sign-in')).text();
    const urls = [...page.matchAll(/\/assets\/(?:style\.css|app\.js)\?v=[\w-]+/g)].map(String);
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const named = await app.visitor().get(url);
      expect(named.status).toBe(200);
      expect(named.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
      const bare = await app.visitor().get(url.replace(/\?.*/, ''));
      expect(bare.headers.get('Cache-Control')).toBe('no-cache');
      const again = await app.visitor().get(url.replace(/\?.*/, ''), {
        'If-None-Match': bare.headers.get('ETag') ?? '',
        // fetch would add "no-cache" and so ask for the whole thing.
        'Cache-Control': 'max-age=0',
      });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    expect((await app.visitor().get('/assets/other.css')).status).toBe(404);
  });
});

test('behind a trusted proxy the address is the one that the proxy wrote, not the client', async () => {
  const trusting = await startTestAppServer({
    databaseUrl: await createDatabase(),
    config: { trustProxy: true },
  });
  try {
    for (const [server, address] of [
      [app, '127.0.0.1'],
      [trusting, '203.0.113.9'],
    ] as const) {
      const client = await server.signedIn();
      await client.request('POST', '/api/session', {
        headers: {
          'Content-Type': 'application/json',
          'X-Forwarded-For': '198.51.100.1, 203.0.113.9',
        },
        body: JSON.stringify({ email: 'admin@example.org', password: 'correct horse battery' }),
      });
      const { sessions } = (await (await client.get('/api/sessions')).json()) as {
        sessions: { current: boolean; address: string }[];
      };
      expect(sessions.find(({ current }) => current)?.address).toBe(address);
    }
  } finally {
    await trusting.stop();
  }
});

test('a stop lets a running upload finish, takes nothing new, and then is over', async () => {
  const stopping = await startTestAppServer({ databaseUrl: await createDatabase() });
  const client = await stopping.signedIn();
  let send: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) });
  send?.enqueue(new Uint8Array(10));
  const uploading = client.request('PUT', '/api/files?name=slow', { body });
  // Something else in flight tells that the server is past the upload's head.
  expect((await client.get('/api/session')).status).toBe(200);
  const stopped = stopping.stop();
  send?.enqueue(new Uint8Array(10));
  send?.close();
  const response = await uploading;
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ size: 20 });
  await stopped;
  await expect(client.get('/livez')).rejects.toThrow();
});
