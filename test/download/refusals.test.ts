// Every refusal as a program and as a person meets it: the same status, a stable code, advice, a request
// id, and never a word of the token.
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { truncate, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetRevocationAt, subjectOf } from '@claimcheck/shared/claim';
import { createMemoryLedger, LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

let on: TestDownloadServer;
let burn: Ledger['burn'] | undefined;
beforeAll(async () => {
  const ledger = createMemoryLedger();
  on = await startTestDownloadServer({
    ledger: { ...ledger, burn: (request) => burn?.(request) ?? ledger.burn(request) },
  });
});
afterAll(async () => await on.stop());

interface Case {
  status: number;
  /** Makes a request that is refused so. */
  prepare: () => Promise<{ url: string; token?: string; init?: RequestInit }>;
  retryAfter?: string;
}

const cases: Record<string, Case> = {
  'invalid-claim': {
    status: 403,
    prepare: async () => {
      const { url, token } = await on.mint(await on.addFile('secret'));
      return { url: url.slice(0, -60), token };
    },
  },
  expired: {
    status: 410,
    prepare: async () => await on.mint(await on.addFile('secret'), { nowMs: Date.now() - 126_000 }),
  },
  'already-used': {
    status: 410,
    prepare: async () => {
      const minted = await on.mint(await on.addFile('secret'));
      await (await fetch(minted.url)).text();
      return minted;
    },
  },
  revoked: {
    status: 410,
    prepare: async () => {
      const minted = await on.mint(await on.addFile('secret'));
      await on.ledger.revoke({
        subject: subjectOf.claim(minted.claim.jti),
        issuedUntilMs: Date.now(),
        forgetAtMs: forgetRevocationAt(Date.now()),
      });
      return minted;
    },
  },
  superseded: {
    status: 410,
    prepare: async () => await on.mint(await on.addFile('secret'), { fen: 'another-life' }),
  },
  'ledger-unavailable': {
    status: 503,
    retryAfter: '2',
    prepare: async () => {
      burn = () => Promise.reject(new LedgerUnavailableError('gone'));
      return await on.mint(await on.addFile('secret'));
    },
  },
  'file-missing': {
    status: 404,
    prepare: async () => {
      const file = await on.addFile('secret');
      await unlink(join(on.root, file.key));
      return await on.mint(file);
    },
  },
  'file-changed': {
    status: 409,
    prepare: async () => {
      const file = await on.addFile('secret');
      await truncate(join(on.root, file.key), 3);
      return await on.mint(file);
    },
  },
  'precondition-failed': {
    status: 412,
    prepare: async () => ({
      ...(await on.mint(await on.addFile('secret'))),
      init: { headers: { 'If-Match': '"another"' } },
    }),
  },
  'range-not-satisfiable': {
    status: 416,
    prepare: async () => ({
      ...(await on.mint(await on.addFile('secret'), { mod: 'resumable' })),
      init: { headers: { Range: 'bytes=6-' } },
    }),
  },
  'method-not-allowed': {
    status: 405,
    prepare: async () => ({
      ...(await on.mint(await on.addFile('secret'))),
      init: { method: 'POST' },
    }),
  },
  'not-found': { status: 404, prepare: async () => ({ url: `${on.url}/elsewhere` }) },
  'uri-too-long': {
    status: 414,
    prepare: async () => {
      const { url, token } = await on.mint(await on.addFile('secret'));
      return { url: `${url}/${'x'.repeat(8192)}`, token };
    },
  },
  'internal-error': {
    status: 500,
    prepare: async () => {
      burn = () => Promise.reject(new TypeError('a secret detail'));
      return await on.mint(await on.addFile('secret'));
    },
  },
};

describe.each(Object.entries(cases))('%s', (code, { status, prepare, retryAfter }) => {
  async function refusedAs(accept: string) {
    const { url, token, init } = await prepare();
    const asked = new Headers(init?.headers);
    asked.set('Accept', accept);
    const response = await fetch(url, { ...init, headers: asked });
    burn = undefined;
    const text = await response.text();
    const { headers } = response;
    expect(response.status).toBe(status);
    expect(headers.get('retry-after')).toBe(retryAfter ?? null);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toContain('Accept');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.has('content-disposition')).toBe(false);
    expect(text).not.toContain('secret');
    if (token !== undefined) {
      expect(text).not.toContain(token.slice(10, 60));
      expect(on.logText()).not.toContain(token.slice(10, 60));
    }
    return { headers, text };
  }

  it('is problem+json for a program', async () => {
    const { headers, text } = await refusedAs('*/*');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(text)).toEqual({
      type: `urn:claimcheck:problem:${code}`,
      status,
      title: expect.any(String),
      detail: expect.any(String),
      instance: `urn:uuid:${headers.get('x-request-id')}`,
    });
  });

  it('is a page for a person, small and without script', async () => {
    const { headers, text } = await refusedAs('text/html,application/xhtml+xml,*/*;q=0.8');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none';style-src 'sha256-[A-Za-z0-9+/=]+'/,
    );
    expect(Buffer.byteLength(text)).toBeLessThan(10_240);
    expect(text).toMatch(/^<!doctype html><html lang="en" dir="ltr">/);
    expect(text).toContain(String(headers.get('x-request-id')));
    expect(text).toContain(code);
    expect(text.includes('Try again</a>')).toBe(retryAfter !== undefined);
    expect(text).not.toMatch(/<script|<img|<link|https?:/);
  });

  it('is in the log with its outcome', async () => {
    const { headers } = await refusedAs('*/*');
    const line = on.logged.find(
      (entry) => entry['requestId'] === headers.get('x-request-id') && 'status' in entry,
    );
    expect(line).toMatchObject({ status, outcome: code });
  });
});

test('a token that the log would not recognise does not reach it either', async () => {
  const { token, claim } = await on.mint(await on.addFile('secret'));
  const [version, purpose, payload] = token.split('.');
  const inOtherSpelling = `${on.url}/d/${version}%2E${purpose}%2E${token.split('.').slice(2).join('%2E')}`;
  const response = await fetch(inOtherSpelling, { method: 'HEAD' });
  expect(response.status).toBe(200);
  await fetch(`${on.url}/d/${inOtherSpelling.slice(-300)}`);
  await fetch(`${on.url}/D/${inOtherSpelling.slice(-300)}?t=${token}`);
  await fetch(`${on.url}/d/v4%2Epublic%2E${payload?.slice(0, 20)}/name`);
  expect(on.logText()).toContain(claim.jti);
  expect(on.logged.at(-1)).toMatchObject({ url: '/d/{token}/name', reason: 'malformed' });
  expect(on.logText()).not.toContain(payload?.slice(0, 20));
  expect(on.logText()).not.toContain(payload?.slice(-50));
});

test('an unburned claim works once what refused it has passed', async () => {
  const file = await on.addFile('content');
  const { url } = await on.mint({ ...file, mtime: 7000 });
  const path = join(on.root, file.key);
  await utimes(path, 8, 8);
  expect((await fetch(url)).status).toBe(409);
  await utimes(path, 7, 7);
  burn = () => Promise.reject(new LedgerUnavailableError('gone'));
  expect((await fetch(url)).status).toBe(503);
  burn = undefined;
  expect((await fetch(url, { headers: { 'If-Match': 'W/"x"' } })).status).toBe(412);
  expect(await (await fetch(url)).text()).toBe('content');
});

test('beyond the limit of running downloads others are told to come back, and keep their claim', async () => {
  const small = await startTestDownloadServer({ config: { maxDownloads: 1 } });
  const [first, second] = [
    await small.mint(await small.addFile(Buffer.alloc(20_000_000))),
    await small.mint(await small.addFile('content')),
  ];
  const running = await fetch(first.url);
  const refused = await fetch(second.url);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await refused.text()).toContain('busy');
  expect((await running.arrayBuffer()).byteLength).toBe(20_000_000);
  expect(small.ledger.burns).toHaveLength(1);
  let answer = await fetch(second.url);
  while (answer.status === 503) answer = await fetch(second.url);
  expect(await answer.text()).toBe('content');
  await small.stop();
});
