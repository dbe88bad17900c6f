// The OpenAPI document: a valid one, of exactly the routes that there are, in step with the file in `docs/`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWholeApi } from '@claimcheck/app-server';
import { REFUSALS } from '@claimcheck/download-server/problems';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Client } from 'pg';
import { makeKey } from '../api-keys/with-keys.js';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { root } from '../system/start-system.js';
import { METHODS, operationsOf, responseOf, type OpenApi } from './checked-answers.js';

/** Pages and files of pages: for people, and not of the API. */
const isOfTheApi = ({ path }: { path: string }) =>
  path.startsWith('/api/') ||
  path.startsWith('/.well-known/') ||
  path.startsWith('/l/') ||
  ['/livez', '/readyz'].includes(path);

let app: TestAppServer;
let served: OpenApi;
let aheadMs = 0;
/** A good key that may do nothing. */
let scopeless: string;
beforeAll(async () => {
  const databaseUrl = await createDatabase();
  app = await startTestAppServer({ databaseUrl, now: () => Date.now() + aheadMs });
  const admin = await app.signedIn();
  const { id, key } = await makeKey(admin, ['files:read']);
  scopeless = key;
  const database = new Client(databaseUrl);
  await database.connect();
  await database.query(`update api_key set scopes = '' where id = $1`, [id]);
  await database.end();
  served = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as OpenApi;
});
afterAll(() => app.stop());

describe('the document', () => {
  test('is valid by the schema of OpenAPI 3.1, and every reference in it leads somewhere', async () => {
    const validator = new Validator();
    const result = await validator.validate({ ...structuredClone(served) });
    expect(result).toEqual(expect.objectContaining({ valid: true }));
    expect(validator.version).toBe('3.1');
    for (const [, ref] of JSON.stringify(served).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      let target: unknown = served;
      for (const name of (ref ?? '').split('/')) target = (target as Record<string, unknown>)[name];
      expect([ref, typeof target]).toEqual([ref, 'object']);
    }
  });

  test('describes every route of the API, and nothing that is no route', () => {
    const described = operationsOf(served)
      .filter(({ path }) => !path.startsWith('/d'))
      .map(({ method, path }) => `${method} ${path}`);
    const routes = app.server.routes
      .filter(isOfTheApi)
      .map(({ method, path }) => `${method} ${path}`);
    expect(routes.length).toBeGreaterThan(50);
    expect(described.toSorted()).toEqual(routes.toSorted());
  });

  test('names each operation once, and each path parameter', () => {
    const operations = operationsOf(served);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { path, operation } of operations) {
      const named = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(named.map(({ name }) => `{${name}}`).join('')).toBe(
        (path.match(/\{[^}]+\}/g) ?? []).join(''),
      );
    }
    for (const item of Object.values(served.paths)) {
      expect(Object.keys(item).filter((key) => !METHODS.has(key) && key !== 'servers')).toEqual([]);
    }
  });

  test('lists an API key exactly where the router takes one', async () => {
    for (const { method, path, operation } of operationsOf(served)) {
      if (!path.startsWith('/api/') || path === '/api/openapi.json') continue;
      const [byKey] = operation.security.flatMap(({ apiKey }) => apiKey ?? []);
      const address = path.replaceAll(/\{[^}]+\}/g, 'x');
      // A key that is none is refused everywhere; with a right one without scopes the challenge names the scope.
      const answer = await fetch(`${app.url}${address}`, {
        method,
        headers: { Authorization: `Bearer ${scopeless}` },
      });
      const challenge = answer.headers.get('WWW-Authenticate') ?? '';
      expect([
        operation.operationId,
        answer.status,
        /scope="([^"]+)"/.exec(challenge)?.[1],
      ]).toEqual([operation.operationId, 403, byKey]);
    }
  });

  test('says of an operation that it needs a recent proof exactly where the router asks for one', async () => {
    const admin = await app.signedIn();
    aheadMs = 11 * 60_000;
    for (const { method, path, operation } of operationsOf(served)) {
      if (!operation.security.some(({ session }) => session) || path === '/api/session') continue;
      const answer = await admin.request(method, path.replaceAll(/\{[^}]+\}/g, 'x'));
      const said = JSON.stringify(responseOf(served, operation, '403') ?? {});
      const asked = answer.status === 403 && (await answer.text()).includes(':proof-needed"');
      if (answer.headers.get('Content-Type')?.startsWith('text/event-stream'))
        await answer.body?.cancel();
      expect([operation.operationId, asked]).toEqual([
        operation.operationId,
        // Asked for of accounts with a second factor alone, which this one has not.
        operation.operationId !== 'changePassword' && said.includes(':proof-needed"'),
      ]);
    }
    aheadMs = 0;
  });

  test('is what `docs/openapi.json` holds: after a change, npm run openapi -w packages/app-server', async () => {
    const file = JSON.parse(await readFile(join(root, 'docs/openapi.json'), 'utf8')) as OpenApi;
    const origins = { appOrigin: 'http://localhost:3000', downloadOrigin: 'http://localhost:3001' };
    expect(JSON.parse(JSON.stringify(describeWholeApi(origins)))).toEqual(file);
    expect(served).toEqual(file);
  });

  test('has every code of the download server under its status', () => {
    const told = Object.entries(served.components.responses)
      .filter(([name]) => name.startsWith('download.'))
      .flatMap(([name, { content }]) => {
        const media = content?.['application/problem+json'];
        const schema = media?.schema as { properties: { type: { enum: string[] } } };
        return schema.properties.type.enum.map(
          (type) =>
            `${name.slice('download.'.length)} ${type.replace('urn:claimcheck:problem:', '')}`,
        );
      });
    const there = Object.entries(REFUSALS).map(([code, { status }]) => `${status} ${code}`);
    expect(told.toSorted()).toEqual(there.toSorted());
  });

  test('may be kept for a while, and is not sent again while it is the same', async () => {
    const first = await fetch(`${app.url}/api/openapi.json`);
    const etag = first.headers.get('ETag') ?? '';
    expect(first.headers.get('Cache-Control')).toBe('public, max-age=300');
    const second = await fetch(`${app.url}/api/openapi.json`, {
      // Without a word of its own, fetch asks all caches to be passed by.
      headers: { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' },
    });
    expect(second.status).toBe(304);
    expect(await second.text()).toHaveLength(0);
  });
});

describe('the page', () => {
  test('names every operation with its summary, without a session and without script', async () => {
    const response = await fetch(`${app.url}/api`, { headers: { Accept: 'text/html' } });
    expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    const text = (await response.text()).replaceAll(/<[^>]+>/g, '');
    for (const { method, path } of operationsOf(served))
      expect(text).toContain(`${method} ${path}`);
  });
});
