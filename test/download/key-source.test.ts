// Where the public keys come from, and what happens while they do not: seen through real requests, with a
// clock that the test turns.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { generateSigningKey, publishKeys, type SigningKey } from '@claimcheck/shared/mint';
import { waitFor } from '../support/wait-for.js';
import {
  startTestDownloadServer,
  type TestDownloadServer,
  type TestDownloadServerOptions,
} from './start-download-server.js';

let nowMs = Date.now();
let on: TestDownloadServer;
beforeEach(async () => {
  nowMs = Date.now();
  on = await start();
});
afterEach(async () => await on.stop());

async function start(options: TestDownloadServerOptions = {}): Promise<TestDownloadServer> {
  return await startTestDownloadServer({ now: () => nowMs, ...options });
}

async function statusWith(key: SigningKey, server = on): Promise<number> {
  const { url } = await server.mint(await server.addFile('content'), { key });
  return (await fetch(url)).status;
}

/** A token whose key id is of the right form and belongs to nobody. */
async function forgedToken(): Promise<string> {
  const { token } = await on.mint(await on.addFile('content'));
  const kid = `k4.pid.${randomBytes(33).toString('base64url')}`;
  const footer = Buffer.from(JSON.stringify({ kid })).toString('base64url');
  return [...token.split('.').slice(0, 3), footer].join('.');
}

describe('the public keys', () => {
  it('are asked for once a second, however many forged key ids arrive', async () => {
    expect(on.keyServer.requests).toBe(1);
    const tokens = await Promise.all(Array.from({ length: 300 }, forgedToken));
    const answers = await Promise.all(tokens.map((token) => fetch(`${on.url}/d/${token}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
    expect(on.keyServer.requests).toBe(2);
    nowMs += 900;
    await fetch(`${on.url}/d/${tokens[0]}`);
    expect(on.keyServer.requests).toBe(2);
    nowMs += 200;
    await fetch(`${on.url}/d/${tokens[0]}`);
    expect(on.keyServer.requests).toBe(3);
    expect(await statusWith(on.key)).toBe(200);
  });

  it('include a new one as soon as a claim is signed with it', async () => {
    const next = await generateSigningKey();
    on.keyServer.publish([next, on.key]);
    expect(await statusWith(next)).toBe(200);
    expect(await statusWith(on.key)).toBe(200);
  });

  it('lose one that is no longer published within their age of a minute', async () => {
    const next = await generateSigningKey();
    on.keyServer.publish([next]);
    nowMs += 59_000;
    expect(await statusWith(on.key)).toBe(200);
    nowMs += 2000;
    await statusWith(next);
    await waitFor('the old key is gone', async () => (await statusWith(on.key)) === 403);
  });

  it('are refreshed by age without a request waiting for it', async () => {
    const held: ServerResponse[] = [];
    on.keyServer.answerWith((_, response) => void held.push(response));
    nowMs += 61_000;
    expect(await statusWith(on.key)).toBe(200);
    await waitFor('the keys are asked for', () => held.length === 1);
    expect(await statusWith(on.key)).toBe(200);
    expect(held).toHaveLength(1);
  });

  it.each([
    ['is away', (_: unknown, response: ServerResponse) => void response.destroy()],
    ['fails', (_: unknown, response: ServerResponse) => void response.writeHead(500).end('{}')],
    ['talks nonsense', (_: unknown, response: ServerResponse) => void response.end('<html>')],
    ['publishes none', (_: unknown, response: ServerResponse) => void response.end('{"keys":[]}')],
    [
      'publishes one under a false id',
      (_: unknown, response: ServerResponse) => {
        const kid = `k4.pid.${randomBytes(33).toString('base64url')}`;
        response.end(JSON.stringify({ keys: [{ kid, key: on.key.publicPaserk }] }));
      },
    ],
    [
      'sends without end',
      (_: unknown, response: ServerResponse) => {
        const send = () => {
          while (!response.destroyed && response.write(' '.repeat(10_000)));
        };
        response.on('drain', send);
        send();
      },
    ],
    [
      'redirects elsewhere',
      (_: unknown, response: ServerResponse) =>
        void response.writeHead(302, { Location: on.keyServer.url }).end(),
    ],
  ])('are kept when the app server %s', async (_, answer) => {
    on.keyServer.answerWith(answer);
    nowMs += 61_000;
    expect(await statusWith(on.key)).toBe(200);
    await waitFor('the failure is seen', () =>
      on.logged.some(({ msg }) => String(msg).startsWith('the public keys cannot be read anew')),
    );
    nowMs += 86_400_000;
    expect(await statusWith(on.key)).toBe(200);
    expect((await fetch(`${on.url}/readyz`)).status).toBe(200);
  });

  it('keep a claim with an unknown key waiting for two seconds at most, and do not judge it then', async () => {
    on.keyServer.answerWith(() => {});
    const startedAt = performance.now();
    const response = await fetch(`${on.url}/d/${await forgedToken()}`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(1500);
    expect(took).toBeLessThan(4000);
  });
});

describe('a client that leaves before its claim is burned', () => {
  it('keeps the claim', async () => {
    const next = await generateSigningKey();
    const held: ServerResponse[] = [];
    on.keyServer.answerWith((_, response) => void held.push(response));
    const { url, claim } = await on.mint(await on.addFile('content'), { key: next });
    const leaving = new AbortController();
    const left = expect(fetch(url, { signal: leaving.signal })).rejects.toThrow('aborted');
    await waitFor('its key is asked for', () => held.length === 1);
    leaving.abort();
    await left;
    // What is answered on a new connection was read after the end of this one.
    for (let i = 0; i < 2; i += 1) await (await fetch(`${on.url}/livez`)).text();
    const keys = publishKeys({ all: [next, on.key] });
    held[0]?.end(JSON.stringify(keys));
    await waitFor('the new key is known', () =>
      on.logged.some((line) => JSON.stringify(line['keys'] ?? []).includes(next.id)),
    );
    await waitFor('the request has ended', () =>
      on.logged.some(({ complete, outcome }) => !complete && outcome === 'client-left'),
    );
    expect(on.ledger.burns).toHaveLength(0);
    expect(await (await fetch(url)).text()).toBe('content');
    expect(on.ledger.burns.map(({ nonce }) => nonce)).toEqual([claim.jti]);
  });
});

describe('until the first keys have come', () => {
  it('nothing is ready, claims are told to come back unburned, and it mends itself', async () => {
    const { url: keysUrl } = on.keyServer;
    on.keyServer.answerWith((_, response) => void response.writeHead(503).end());
    const early = await start({ config: { keysUrl }, untilReady: false });
    const ready = await fetch(`${early.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not-ready', missing: ['keys'] },
    ]);
    expect((await fetch(`${early.url}/livez`)).status).toBe(200);
    const { url } = await early.mint(await early.addFile('content'), { key: on.key });
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await refused.text()).toContain('busy');
    expect(early.ledger.burns).toHaveLength(0);
    on.keyServer.answerWith(undefined);
    await waitFor('it is ready', async () => (await fetch(`${early.url}/readyz`)).status === 200);
    expect(await (await fetch(url)).text()).toBe('content');
    await early.stop();
  });
});
