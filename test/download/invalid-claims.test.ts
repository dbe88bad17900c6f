// Everything that is not a good claim of ours for this server: one answer for all, nothing of it reaches
// the ledger, and trying costs the server nothing that stays.
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from '@jest/globals';
import { randomBytes, randomInt } from 'node:crypto';
import { generateSigningKey, mintClaim, newNonce } from '@claimcheck/shared/mint';
import { Pool } from 'undici';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  AUDIENCE,
  ISSUER,
  startTestDownloadServer,
  type MintedDownload,
  type TestDownloadServer,
} from './start-download-server.js';

let on: TestDownloadServer;
let good: MintedDownload;
beforeAll(async () => {
  on = await startTestDownloadServer({ logLevel: 'info' });
});
beforeEach(async () => {
  good = await on.mint(await on.addFile('content'));
});
afterAll(async () => await on.stop());

function json(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function expectInvalid(token: string, reason?: string): Promise<void> {
  const burns = on.ledger.burns.length;
  const response = await fetch(`${on.url}/d/${encodeURIComponent(token)}`);
  const body = await response.text();
  expect([response.status, body]).toEqual([403, expect.stringContaining(':invalid-claim"')]);
  if (reason !== undefined) expect(on.logged.at(-1)).toMatchObject({ reason });
  expect(on.ledger.burns).toHaveLength(burns);
}

describe('a claim that was minted for something else', () => {
  test('another audience', async () => {
    const { token } = await on.mint(good.claim.fil, { aud: 'https://other.example.org' });
    await expectInvalid(token, 'wrong-audience');
  });
  test('another issuer', async () => {
    const { token } = await on.mint(good.claim.fil, { iss: 'https://other.example.org' });
    await expectInvalid(token, 'wrong-issuer');
  });
  test('another purpose', async () => {
    const jti = newNonce();
    const common = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'acc_1',
      jti,
      fen: await on.ledger.fence(jti),
    };
    const { token } = await mintClaim(on.key, { ...common, act: 'sign-in' as const }, Date.now());
    await expectInvalid(token, 'bad-shape');
  });
  test('another key', async () => {
    const { token } = await on.mint(good.claim.fil, { key: await generateSigningKey() });
    await expectInvalid(token, 'unknown-key');
  });
  test('another key under our key id', async () => {
    const stranger = await generateSigningKey();
    const { token } = await on.mint(good.claim.fil, { key: { ...stranger, id: on.key.id } });
    await expectInvalid(token, 'bad-signature');
  });
  test('a later time', async () => {
    const { token } = await on.mint(good.claim.fil, { nowMs: Date.now() + 60_000 });
    await expectInvalid(token, 'issued-in-future');
  });
});

describe('a token that was altered', () => {
  test('at any single place', async () => {
    const { token } = good;
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      await expectInvalid(token.slice(0, at) + other + token.slice(at + 1));
    }
    expect(await (await fetch(good.url)).text()).toBe('content');
  });
  test('by cutting it anywhere, doubling it, or adding to it', async () => {
    const { token } = good;
    for (let length = 0; length < token.length; length += 7) {
      if (length > 0) await expectInvalid(token.slice(0, length));
    }
    for (const altered of [
      `${token}A`,
      `${token}.`,
      `${token}=`,
      token + token,
      ` ${token}`,
      `${token}\n`,
    ]) {
      await expectInvalid(altered);
    }
  });
});

describe('a token of another kind', () => {
  const kinds: [string, () => string][] = [
    ['JWT, alg none', () => `${json({ alg: 'none', typ: 'JWT' })}.${json(good.claim)}.`],
    [
      'JWT, HS256 over the public key',
      () =>
        `${json({ alg: 'HS256', kid: on.key.id })}.${json(good.claim)}.${randomBytes(32).toString('base64url')}`,
    ],
    ['v2.public', () => good.token.replace('v4.', 'v2.')],
    ['v3.public', () => good.token.replace('v4.', 'v3.')],
    ['v4.local', () => good.token.replace('.public.', '.local.')],
    ['V4.PUBLIC', () => good.token.replace('v4.public', 'V4.PUBLIC')],
    ['without a footer', () => good.token.split('.').slice(0, 3).join('.')],
    [
      'with another footer',
      () => [...good.token.split('.').slice(0, 3), json({ kid: 'k4.pid.x' })].join('.'),
    ],
    [
      'with a path as its key id',
      () => [...good.token.split('.').slice(0, 3), json({ kid: '../../../dev/null' })].join('.'),
    ],
    ['the public key itself', () => on.key.publicPaserk],
    ['over-long', () => `v4.public.${'A'.repeat(4100)}.${json({ kid: on.key.id })}`],
    ['a million dots', () => '.'.repeat(4000)],
  ];
  test.each(kinds)('%s', async (_, make) => await expectInvalid(make()));

  test('no token at all', async () => {
    for (const Authorization of ['', 'Bearer', 'Basic dTpw', 'Bearer a b', 'Bearer  ']) {
      const response = await fetch(`${on.url}/d`, { headers: { Authorization } });
      expect(response.status).toBe(403);
    }
    expect((await fetch(`${on.url}/d`)).status).toBe(403);
    expect((await fetch(`${on.url}/d/`)).status).toBe(403);
  });
});

describe('a hundred thousand fuzzed tokens', () => {
  it('are all refused, none reaches the ledger, and the heap stays flat', async () => {
    const quiet = await startTestDownloadServer({ logLevel: 'silent' });
    const { token } = await quiet.mint(await quiet.addFile('content'), { lifeSeconds: 900 });
    const pool = new Pool(quiet.url, { connections: 8, pipelining: 8 });
    let refused = 0;
    const ask = async () => {
      const path = `/d/${encodeURIComponent(fuzz(token))}`;
      const { statusCode, body } = await pool.request({ path, method: 'GET' });
      if (statusCode === 403 && (await body.text()).includes(':invalid-claim"')) refused += 1;
      else throw new Error(`answered ${statusCode}`);
    };
    const run = async (count: number) => {
      for (let done = 0; done < count; done += 64) {
        await Promise.all(Array.from({ length: Math.min(64, count - done) }, ask));
      }
    };
    await run(20_000);
    const before = heapAfterCollection();
    await run(80_000);
    const grown = heapAfterCollection() - before;
    expect(refused).toBe(100_000);
    expect(quiet.ledger.burns).toHaveLength(0);
    expect(quiet.ledger.recorded).toHaveLength(0);
    expect(grown).toBeLessThan(4_000_000);
    expect((await fetch(`${quiet.url}/d/${token}`)).status).toBe(200);
    await pool.close();
    await quiet.stop();
  }, 180_000);
});

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** A token with some of its characters, bytes or parts changed; never the token itself. */
function fuzz(token: string): string {
  const fuzzed = mutate(token);
  return fuzzed === token || fuzzed === '' ? `${token}~` : fuzzed;
}

function mutate(token: string): string {
  const parts = token.split('.');
  const at = randomInt(token.length);
  switch (randomInt(8)) {
    case 0: {
      return token.slice(0, at) + String.fromCharCode(33 + randomInt(94)) + token.slice(at + 1);
    }
    case 1: {
      return token.slice(0, at);
    }
    case 2: {
      return (
        token.slice(0, at) + randomBytes(1 + randomInt(20)).toString('base64url') + token.slice(at)
      );
    }
    case 3: {
      return randomBytes(1 + randomInt(600)).toString('base64url');
    }
    case 4: {
      parts[randomInt(parts.length)] = randomBytes(randomInt(400)).toString('base64url');
      return parts.join('.');
    }
    case 5: {
      return parts.toSorted(() => randomInt(3) - 1).join('.');
    }
    case 6: {
      const payload = Buffer.from(parts[2] ?? '', 'base64url');
      const place = randomInt(payload.length);
      payload[place] = (payload[place] ?? 0) ^ (1 << randomInt(8));
      return [parts[0], parts[1], payload.toString('base64url'), parts[3]].join('.');
    }
    default: {
      return (
        token.slice(0, at) +
        '\u{1F600}\0\u202e%2e/'.slice(0, 1 + randomInt(7)).toWellFormed() +
        token.slice(at)
      );
    }
  }
}
