// A resumable claim is burned once and then finished from the same URL: by Range or from the start, from any
// address, past `exp`, within one budget of bytes that all its responses share.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, test } from '@jest/globals';
import { budgetOf, sliceOf, subjectOf } from '@claimcheck/shared/claim';
import {
  createMemoryLedger,
  createRedisLedger,
  connectRedis,
  LedgerUnavailableError,
  type Ledger,
} from '@claimcheck/shared/ledger';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { readSome } from './read-some.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
  type TestDownloadServerOptions,
} from './start-download-server.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function start(options: TestDownloadServerOptions = {}): Promise<TestDownloadServer> {
  const on = await startTestDownloadServer(options);
  cleanups.push(() => on.stop());
  return on;
}

async function offer(on: TestDownloadServer, length: number, more = {}) {
  const content = someBytes(length);
  const file = await on.addFile(content);
  return { content, file, ...(await on.mint(file, { mod: 'resumable', ...more })) };
}

async function codeOf(url: string, headers: Record<string, string> = {}) {
  const { status, body } = await readSome(url, headers);
  const { type } = JSON.parse(body.toString()) as { type: string };
  return `${status} ${type.replace('urn:claimcheck:problem:', '')}`;
}

/** Bytes that the server says it handed over, once so many responses have ended. */
async function bytesSent(on: TestDownloadServer, responses: number): Promise<number> {
  await waitFor('they have ended', () => on.ledger.settled.length === responses);
  return on.ledger.settled.reduce((sum, bytes) => sum + bytes, 0);
}

describe('a download that breaks off', () => {
  it('is finished by a Range request to the same URL', async () => {
    const on = await start();
    const { url, content } = await offer(on, 5 * MIB);
    const first = await readSome(url, {}, 2 * MIB);
    expect([first.status, first.whole]).toEqual([200, false]);
    const rest = await readSome(url, { range: `bytes=${first.body.length}-` });
    expect([rest.status, rest.whole]).toEqual([206, true]);
    expect(Buffer.concat([first.body, rest.body]).equals(content)).toBe(true);
    expect(on.ledger.burns).toHaveLength(2);
  });

  it('is finished past exp, as long as it was begun before', async () => {
    let nowMs = Date.now();
    const on = await start({ now: () => nowMs });
    const [begun, unused] = [await offer(on, 100 * KIB), await offer(on, 100 * KIB)];
    await readSome(begun.url, {}, 10 * KIB);
    nowMs += 10 * 60_000;
    const rest = await readSome(begun.url, { range: `bytes=${10 * KIB}-` });
    expect([rest.status, rest.body.length]).toEqual([206, 90 * KIB]);
    expect(await codeOf(unused.url)).toBe('410 expired');
    nowMs += 16 * 60_000;
    expect(await codeOf(begun.url)).toBe('410 expired');
    nowMs += 24 * 60 * 60_000;
    expect(await codeOf(begun.url)).toBe('410 expired');
    expect(on.ledger.burns).toHaveLength(4);
  });

  it('before its first byte arrived is asked for again', async () => {
    const on = await start();
    const { url, content } = await offer(on, 3 * MIB);
    await readSome(url, {}, 0);
    const again = await readSome(url);
    expect(again.body.equals(content)).toBe(true);
  });

  it('gets back what was paid for and not sent', async () => {
    const on = await start();
    const size = 64 * MIB;
    const { url, claim } = await offer(on, size);
    await readSome(url, {}, 1);
    const lost = await bytesSent(on, 1);
    expect(lost).toBeLessThan(16 * MIB);
    const { body } = await readSome(url);
    expect(body.length).toBe(size);
    await bytesSent(on, 2);
    const all = await on.ledger.openResponse({
      nonce: claim.jti,
      fence: claim.fen,
      issuedAtMs: Date.now(),
      forgetAtMs: Date.now() + 60_000,
      subjects: [],
      budgetBytes: budgetOf(size),
      leastBytes: 0,
      bytes: budgetOf(size),
      mayBegin: true,
    });
    expect(all).toMatchObject({ paidBytes: budgetOf(size) - size - lost });
  });
});

describe('what does not burn', () => {
  test.each([
    ['HEAD', 'HEAD', {}],
    ['a prefetch', 'GET', { 'sec-purpose': 'prefetch' }],
    ['a Range beyond the end', 'GET', { range: 'bytes=9999999-' }],
    ['a failed precondition', 'GET', { 'if-match': '"other"' }],
    ['a condition that spares the body', 'GET', { 'if-none-match': '*' }],
  ])('%s leaves a resumable claim whole', async (_, method, headers) => {
    const on = await start();
    const { url, content } = await offer(on, 70 * KIB);
    await fetch(url, { method, headers });
    if (method === 'GET') await readSome(url, headers);
    expect(on.ledger.burns).toEqual([]);
    expect((await readSome(url)).body.equals(content)).toBe(true);
  });
});

describe('a file put together from several responses', () => {
  /** As a client reads it: the algorithm and the bytes between the colons. */
  function isWhole(bytes: Uint8Array, reprDigest: unknown): boolean {
    const [, digest = ''] = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(String(reprDigest)) ?? [];
    return createHash('sha256').update(bytes).digest('base64') === digest;
  }

  it('is checked with the digest that each of them bears', async () => {
    const on = await start();
    const size = 2 * MIB + 3;
    const { url } = await offer(on, size);
    const cut = await readSome(url, {}, 700 * KIB);
    const middle = await readSome(url, {
      range: `bytes=${cut.body.length}-${MIB}`,
      'if-range': cut.headers.etag ?? '',
    });
    const rest = await readSome(url, { range: `bytes=${MIB + 1}-` });
    const answers = [cut, middle, rest];
    expect(answers.map(({ status }) => status)).toEqual([200, 206, 206]);
    const digests = new Set(answers.map(({ headers }) => headers['repr-digest']));
    expect(digests.size).toBe(1);
    const [digest] = digests;
    const together = Buffer.concat(answers.map(({ body }) => body));
    expect([together.length, isWhole(together, digest)]).toEqual([size, true]);
    // Of the same length, and not the file: a client that lost its place would have this.
    const muddled = Buffer.concat([cut.body, rest.body, middle.body]);
    expect([muddled.length, isWhole(muddled, digest)]).toEqual([size, false]);
    expect(isWhole(rest.body, digest)).toBe(false);
  });
});

describe('the budget', () => {
  it('ends downloads of one claim, to the byte', async () => {
    const on = await start();
    const size = 600 * KIB;
    const { url } = await offer(on, size);
    const rest = budgetOf(size) % size;
    for (let left = budgetOf(size); left >= size; left -= size) {
      expect((await readSome(url)).body.length).toBe(size);
    }
    // What is left is not enough for another whole one, and is had by asking for a part.
    expect(await codeOf(url)).toBe('410 already-used');
    const part = await readSome(url, { range: 'bytes=0-' });
    expect([part.status, part.body.length, part.whole]).toEqual([206, rest, false]);
    expect(await codeOf(url, { range: 'bytes=0-0' })).toBe('410 already-used');
  });

  it('refuses a second copy of a finished large file at once', async () => {
    const on = await start();
    const { url } = await offer(on, 10 * MIB);
    await readSome(url);
    expect(await codeOf(url)).toBe('410 already-used');
    expect((await readSome(url, { range: `bytes=${9 * MIB}-` })).whole).toBe(true);
  });

  it('holds for 20 full GETs at once, of which at most 8 are answered at a time', async () => {
    const on = await start();
    const size = 8 * MIB;
    const { url } = await offer(on, size);
    const answers = await Promise.all(Array.from({ length: 20 }, () => readSome(url)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.every((status) => [200, 410, 503].includes(status))).toBe(true);
    const sent = answers
      .filter(({ status }) => status === 200)
      .reduce((sum, { body }) => sum + body.length, 0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(budgetOf(size));
    const admitted = statuses.filter((status) => status === 200).length;
    expect(await bytesSent(on, admitted)).toBeLessThanOrEqual(budgetOf(size));
  });

  it('lets 4 connections fetch a quarter each, at once', async () => {
    const on = await start();
    const size = 20 * MIB;
    const { url, content } = await offer(on, size);
    const quarters = await Promise.all(
      [0, 1, 2, 3].map((i) =>
        readSome(url, { range: `bytes=${(i * size) / 4}-${((i + 1) * size) / 4 - 1}` }),
      ),
    );
    expect(Buffer.concat(quarters.map(({ body }) => body)).equals(content)).toBe(true);
  });

  it('never has more than a slice paid for and not sent', async () => {
    const ledger = createMemoryLedger();
    let paid = 0;
    const on = await start({
      ledger: {
        ...ledger,
        openResponse: async (request) => {
          const grant = await ledger.openResponse(request);
          if ('paidBytes' in grant) paid += grant.paidBytes;
          return grant;
        },
        pay: async (payment) => {
          const answer = await ledger.pay(payment);
          if ('paidBytes' in answer) {
            paid += answer.paidBytes;
            expect(paid - payment.sent.bytes).toBeLessThanOrEqual(sliceOf(size));
          }
          return answer;
        },
      },
    });
    const size = 40 * MIB;
    const { url } = await offer(on, size);
    expect((await readSome(url)).body.length).toBe(size);
    expect(paid).toBe(size);
  });

  it('lets an empty file be fetched', async () => {
    const on = await start();
    const { url } = await offer(on, 0);
    for (let i = 0; i < 3; i += 1) expect(await readSome(url)).toMatchObject({ whole: true });
  });
});

describe('9,500 ranged requests of one file', () => {
  it('end with the exact file', async () => {
    const on = await start({ logLevel: 'warn' });
    const part = 512;
    const { url, content } = await offer(on, 9500 * part);
    const agentless = async (i: number) =>
      Buffer.from(
        await (
          await fetch(url, { headers: { range: `bytes=${i * part}-${(i + 1) * part - 1}` } })
        ).arrayBuffer(),
      );
    const parts: Buffer[] = [];
    for (let i = 0; i < 9500; i += 4) {
      parts.push(...(await Promise.all([i, i + 1, i + 2, i + 3].map(agentless))));
    }
    expect(Buffer.concat(parts).equals(content)).toBe(true);
  }, 120_000);
});

describe('while it is being sent', () => {
  /** A claim of which the client has begun to read and now waits; `finish` reads on. */
  async function halfWay(on: TestDownloadServer, size: number) {
    const { url, claim } = await offer(on, size);
    const response = await fetch(url);
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error('no body');
    let received = (await reader.read()).value?.length ?? 0;
    const finish = async () => {
      for (;;) {
        const part = await reader.read().catch(() => ({ done: true, value: undefined }));
        if (part.value === undefined) return received;
        received += part.value.length;
      }
    };
    return { claim, url, finish };
  }

  it('a revocation ends it', async () => {
    const on = await start();
    const { claim, finish, url } = await halfWay(on, 64 * MIB);
    await on.ledger.revoke({
      subject: subjectOf.account(claim.sub),
      issuedUntilMs: Date.now() + 1000,
      forgetAtMs: Date.now() + 60_000,
    });
    expect(await finish()).toBeLessThan(64 * MIB);
    expect(await codeOf(url)).toBe('410 revoked');
  });

  function losing(ledger: Ledger): { ledger: Ledger; lose: () => void } {
    let lost = false;
    return {
      lose: () => (lost = true),
      ledger: {
        ...ledger,
        pay: async (payment) => {
          if (lost) throw new LedgerUnavailableError('it is away');
          return await ledger.pay(payment);
        },
      },
    };
  }

  it('the only response of a claim goes on when the ledger goes away', async () => {
    const { ledger, lose } = losing(createMemoryLedger());
    const on = await start({ ledger });
    const size = 64 * MIB;
    const { finish, claim } = await halfWay(on, size);
    lose();
    expect(await finish()).toBe(size);
    // What was sent unpaid is charged as soon as the ledger is back.
    await waitFor('it is settled', async () => {
      const grant = await ledger.openResponse({
        nonce: claim.jti,
        fence: claim.fen,
        issuedAtMs: 0,
        forgetAtMs: Date.now() + 60_000,
        subjects: [],
        budgetBytes: size,
        leastBytes: 1,
        bytes: 1,
        mayBegin: false,
      });
      return grant.outcome === 'already-used';
    });
  });

  it('of two responses of a claim at most one goes on when the ledger goes away', async () => {
    const { ledger, lose } = losing(createMemoryLedger());
    const on = await start({ ledger });
    const size = 64 * MIB;
    const { finish, url } = await halfWay(on, size);
    const second = fetch(url).then(async (response) => {
      let received = 0;
      try {
        for await (const part of response.body ?? []) received += (part as Uint8Array).length;
      } catch {
        // Cut off.
      }
      return received;
    });
    await waitFor('the second has been let in', () => on.ledger.burns.length === 2);
    lose();
    const received = await Promise.all([finish(), second]);
    expect(received.filter((bytes) => bytes === size).length).toBeLessThanOrEqual(1);
  });

  it('a Redis that dies does not stop it, and new requests hear 503', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const redis = connectRedis(server.url);
    cleanups.push(async () => redis.disconnect());
    const on = await start({ ledger: createRedisLedger({ redis }) });
    const { finish, url } = await halfWay(on, 64 * MIB);
    await server.stop();
    expect(await codeOf(url, { range: 'bytes=0-9' })).toBe('503 ledger-unavailable');
    expect(await finish()).toBe(64 * MIB);
  });
});

describe('a client that asks twice at once', () => {
  it('gets the file by the second GET, and the first can be dropped', async () => {
    const on = await start();
    const { url, content } = await offer(on, 12 * MIB);
    const first = readSome(url, { 'user-agent': 'one' }, 64 * KIB);
    const second = await readSome(url, { 'user-agent': 'another' });
    await first;
    expect(second.body.equals(content)).toBe(true);
  });
});

describe('a strict claim', () => {
  it('has one response: whoever asks for the rest is refused', async () => {
    const on = await start();
    const { url } = await offer(on, 5 * MIB, { mod: 'strict' });
    const first = await readSome(url, {}, MIB);
    expect(await codeOf(url, { range: `bytes=${first.body.length}-` })).toBe('410 already-used');
  });
});
