// A plain download takes a way of its own in front of koa. Whoever asks must not be able to tell: the same request,
// with one letter of its token percent-encoded so that it goes through koa, gets the same answer and the same line.
import { afterEach, beforeEach, expect, it, test } from '@jest/globals';
import { request } from 'node:http';
import { createDownloadMetrics } from '@claimcheck/download-server';
import { createRegistry } from '@claimcheck/shared/metrics';
import { waitFor } from '../support/wait-for.js';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

let on: TestDownloadServer;
beforeEach(async () => {
  on = await startTestDownloadServer();
});
afterEach(async () => await on.stop());

interface Answer {
  status: number | undefined;
  headers: Record<string, unknown>;
  body: string;
}

/** A GET of a path as it stands, which `fetch` would normalise. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { port } = on.server;
    request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const { statusCode: status, headers: received } = response;
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status, headers: received, body }));
      response.once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}

const direct = (token: string) => `/d/${token}/report.pdf`;
/** `v4.…` as `%764.…`: the same path to a router, which decodes it. */
const throughKoa = (token: string) => `/d/%76${token.slice(1)}/report.pdf`;

/** What differs between any two requests is replaced by what it is. */
function comparable({ status, headers, body }: Answer, requestId: unknown) {
  const known = {
    ...headers,
    date: 'a date',
    'x-request-id': headers['x-request-id'] === requestId,
  };
  return { status, headers: known, body: body.replaceAll(String(requestId), 'its id') };
}

async function lineOf({ headers }: Answer): Promise<Record<string, unknown>> {
  const find = () => on.logged.find((line) => line['requestId'] === headers['x-request-id']);
  await waitFor('the request is logged', () => find() !== undefined);
  return find() ?? {};
}

async function outcomeOf(answer: Answer) {
  const line = await lineOf(answer);
  const { time, requestId, claim, durationMs, firstByteMs, ...same } = line;
  const numbers = [time, durationMs, firstByteMs].map((value) => typeof value);
  return { ...comparable(answer, requestId), line: same, numbers, claim: typeof claim };
}

test.each<[string, { headers?: Record<string, string>; token?: (token: string) => string }]>([
  ['a whole file', {}],
  ['a range', { headers: { range: 'bytes=2-4' } }],
  ['a range that there is not', { headers: { range: 'bytes=99-' } }],
  ['a file that has not changed', { headers: { 'if-none-match': '*' } }],
  ['a precondition that fails', { headers: { 'if-match': '"other"' } }],
  ['a prefetch', { headers: { 'sec-purpose': 'prefetch' } }],
  ['a page for a forged token', { headers: { accept: 'text/html' }, token: (t) => `${t}x` }],
  ['a problem for a forged token', { token: (t) => `${t}x` }],
  ['no token at all', { token: () => 'v' }],
  ['an over-long token', { token: (t) => t + 'A'.repeat(4096) }],
])('%s: the same answer and the same line on both ways', async (_, { headers, token }) => {
  const file = await on.addFile('0123456789');
  const spelled = async () => {
    const minted = await on.mint(file, { mod: 'resumable' });
    return token?.(minted.token) ?? minted.token;
  };
  const plain = await outcomeOf(await ask(direct(await spelled()), headers));
  const other = await outcomeOf(await ask(throughKoa(await spelled()), headers));
  expect(plain).toEqual(other);
  expect(plain.headers['x-request-id']).toBe(true);
});

it('refuses a second request as used, on either way, after the other', async () => {
  const file = await on.addFile('0123456789');
  for (const [first, second] of [
    [direct, throughKoa],
    [throughKoa, direct],
    [direct, direct],
  ] as const) {
    const { token } = await on.mint(file);
    expect((await ask(first(token))).status).toBe(200);
    expect((await ask(second(token))).status).toBe(410);
  }
});

it('counts a download and a refusal once each', async () => {
  await on.stop();
  const registry = createRegistry();
  on = await startTestDownloadServer({ metrics: createDownloadMetrics(registry) });
  const { token } = await on.mint(await on.addFile('0123456789'));
  await ask(direct(token));
  await lineOf(await ask(direct(token)));
  const text = await registry.metrics();
  expect(text).toMatch(/requests_total\{outcome="finished"\} 1\n/);
  expect(text).toMatch(/requests_total\{outcome="already-used"\} 1\n/);
});

it('leaves to the router what is longer than an address may be', async () => {
  const { status } = await ask(`/d/${'A'.repeat(9000)}`);
  expect(status).toBe(414);
});
