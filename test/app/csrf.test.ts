// Where an unsafe request may come from: the rule as a table, and the routes behind it over HTTP.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isFromOwnPage, type RequestSource } from '@claimcheck/app-server';
import { createDatabase } from '../support/postgres.js';
import { ADMIN, APP_ORIGIN, startTestAppServer, type TestAppServer } from './start-app-server.js';

describe('an unsafe request', () => {
  test.each`
    fetchSite        | origin                       | bringsSession | passes
    ${'same-origin'} | ${APP_ORIGIN}                | ${true}       | ${true}
    ${'same-origin'} | ${''}                        | ${true}       | ${true}
    ${''}            | ${APP_ORIGIN}                | ${true}       | ${true}
    ${''}            | ${''}                        | ${false}      | ${true}
    ${''}            | ${''}                        | ${true}       | ${false}
    ${'same-site'}   | ${'http://localhost:3001'}   | ${true}       | ${false}
    ${'cross-site'}  | ${'https://evil.example'}    | ${true}       | ${false}
    ${'cross-site'}  | ${'https://evil.example'}    | ${false}      | ${false}
    ${'none'}        | ${''}                        | ${true}       | ${false}
    ${''}            | ${'null'}                    | ${true}       | ${false}
    ${''}            | ${'null'}                    | ${false}      | ${false}
    ${''}            | ${`${APP_ORIGIN}.evil.test`} | ${true}       | ${false}
    ${''}            | ${'http://localhost'}        | ${true}       | ${false}
    ${''}            | ${'https://localhost:3000'}  | ${true}       | ${false}
    ${'Same-Origin'} | ${''}                        | ${true}       | ${false}
  `(
    'from Sec-Fetch-Site "$fetchSite", Origin "$origin", session $bringsSession: passes $passes',
    ({ passes, ...source }) => {
      const request = { method: 'POST', ...source } as unknown as RequestSource;
      expect(isFromOwnPage(request, APP_ORIGIN)).toBe(passes);
    },
  );

  test.each(['GET', 'HEAD', 'OPTIONS'])('by %s is none', (method) => {
    const source = { method, fetchSite: 'cross-site', origin: 'null', bringsSession: true };
    expect(isFromOwnPage(source, APP_ORIGIN)).toBe(true);
  });
});

describe('over HTTP', () => {
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer({ databaseUrl: await createDatabase() });
  });
  afterAll(() => app.stop());

  test.each([
    ['DELETE', '/api/session'],
    ['POST', '/api/session'],
    ['POST', '/sign-in'],
    ['POST', '/sign-out'],
    ['PUT', '/api/files?name=x'],
    ['POST', '/files'],
    ['POST', '/api/claims'],
    ['PATCH', '/api/accounts/x'],
    ['POST', '/devices/end-others'],
    ['POST', '/nowhere'],
  ])('%s %s from another site is refused and changes nothing', async (method, path) => {
    const client = await app.signedIn();
    const response = await client.request(method, path, {
      headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
      body: 'x',
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ type: 'urn:claimcheck:problem:cross-site' });
    expect((await client.get('/api/session')).status).toBe(200);
  });

  test('a program without either header is let in only without a session cookie', async () => {
    const bare = { Origin: '' };
    const client = await app.signedIn();
    expect((await client.request('DELETE', '/api/session', { headers: bare })).status).toBe(403);
    const program = app.visitor();
    const signedIn = await program.request('POST', '/api/session', {
      headers: { ...bare, 'Content-Type': 'application/json' },
      body: JSON.stringify(ADMIN),
    });
    expect(signedIn.status).toBe(204);
  });

  test('a multipart upload from another site is refused before its body is read', async () => {
    const client = await app.signedIn();
    const neverEnding = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('--x\r\n')),
    });
    const response = await client.request('POST', '/files', {
      headers: {
        Origin: 'https://evil.example',
        'Content-Type': 'multipart/form-data; boundary=x',
      },
      body: neverEnding,
    });
    expect(response.status).toBe(403);
  });
});
