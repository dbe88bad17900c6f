// A stranger's minter and verifier, in Python, written from `docs/claim-format.md` alone: they agree with ours on every
// vector, each reads what the other writes, both burn in one ledger, and a download server serves the stranger's claims.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createClaimVerifier,
  readPublishedKeys,
  type DownloadClaim,
} from '@claimcheck/shared/claim';
import {
  burnRequestOf,
  CLUSTER_TAGS,
  connectRedis,
  createRedisLedger,
  parseNonce,
  shardKeys,
  type Ledger,
  type RedisConnection,
} from '@claimcheck/shared/ledger';
import { mintClaim, newNonce } from '@claimcheck/shared/mint';
import {
  ISSUER as SAMPLE_ISSUER,
  SOME_KEY_ID,
  sampleKeys,
  sampleSentence,
} from '../claim/sample-claim.js';
import { AUDIENCE, ISSUER, startTestDownloadServer } from '../download/start-download-server.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { root } from '../system/start-system.js';
import type { ClaimVectors } from './make-vectors.js';

const vectors = JSON.parse(
  readFileSync(join(root, 'docs/claim-vectors.json'), 'utf8'),
) as ClaimVectors;
const { issuer, audience, published } = vectors;

/** Puts requests to the Python program, one a line, and gives its answers. */
async function askPython<T>(requests: readonly object[]): Promise<T[]> {
  const program = join(root, 'test/claim-format/claim_format.py');
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      'python3',
      [program],
      { timeout: 50_000, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) =>
        error ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
    );
    child.stdin?.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

describe("the stranger's verifier", () => {
  test('accepts what is to be accepted, with the same claims and the same time left', async () => {
    const asked = vectors.accepted.map(({ act, nowMs, token }) => ({
      do: 'verify',
      act,
      nowMs,
      token,
      issuer,
      audience,
      published,
    }));
    const answers = await askPython(asked);
    expect(answers).toEqual(vectors.accepted.map(({ claim, mayBegin }) => ({ claim, mayBegin })));
  });

  test('refuses what is to be refused, with the same code', async () => {
    const asked = vectors.refused.map(({ act, nowMs, token }) => ({
      do: 'verify',
      act,
      nowMs,
      token,
      issuer,
      audience,
      published,
    }));
    const answers = await askPython<{ refusal?: string }>(asked);
    expect(answers.map(({ refusal }, at) => [vectors.refused[at]?.name, refusal])).toEqual(
      vectors.refused.map(({ name, refusal }) => [name, refusal]),
    );
  });

  test('accepts what our minter mints', async () => {
    const { key } = await sampleKeys();
    const { token, claim } = await mintClaim(key, sampleSentence({ mod: 'resumable' }), Date.now());
    const [answer] = await askPython([
      {
        do: 'verify',
        token,
        act: 'download',
        nowMs: Date.now(),
        issuer: SAMPLE_ISSUER,
        audience: claim.aud,
        published: { keys: [{ kid: key.id, key: key.publicPaserk }] },
      },
    ]);
    expect(answer).toEqual({ claim, mayBegin: true });
  });

  test('knows where a nonce is burned, what a claim hangs from, and the ids of keys', async () => {
    const [kids, burns] = [
      await askPython(vectors.keys.map((key) => ({ do: 'key', public: key.public }))),
      await askPython<{
        keys: string[];
        arguments: (string | number | null)[];
        subjects: string[];
      }>(
        vectors.accepted.map(({ claim, kid }) => ({
          do: 'describe-burn',
          claim,
          kid,
          prefix: 'claimcheck:',
        })),
      ),
    ];
    expect(kids).toEqual(vectors.keys.map(({ kid }) => ({ kid })));
    for (const [at, { burn, revocationSubjects }] of vectors.accepted.entries()) {
      const told = burns[at];
      expect(told?.keys).toEqual(burn.keys);
      expect(told?.subjects).toEqual(revocationSubjects);
      const [fence, , forgetAtMs, issuedAtMs, , member, setsExpireAt, , budgetBytes] =
        told?.arguments ?? [];
      expect({ fence, forgetAtMs, issuedAtMs, member, setsExpireAt, budgetBytes }).toEqual({
        budgetBytes: undefined,
        ...pick(burn),
      });
    }
  });
});

test('the stranger answers with the same entity tag and digest', async () => {
  const downloads = vectors.accepted.filter(({ act }) => act === 'download');
  const told = await askPython(downloads.map(({ claim }) => ({ do: 'describe-answer', claim })));
  expect(told).toEqual(downloads.map(({ answer }) => answer));
});

test('the stranger finds the shard of a Cluster that decides about a nonce', async () => {
  const claim = vectors.accepted[0]?.claim;
  const nonces = Array.from({ length: 40 }, newNonce);
  const told = await askPython<{ keys: string[] }>(
    nonces.map((jti) => {
      return {
        do: 'describe-burn',
        claim: { ...claim, jti },
        kid: SOME_KEY_ID,
        prefix: 'claimcheck:',
        cluster: true,
      };
    }),
  );
  expect(told.map(({ keys }) => keys[0])).toEqual(
    nonces.map((jti) => shardKeys('claimcheck:', CLUSTER_TAGS[parseNonce(jti).shard % 16]).epoch),
  );
});

/** Without its keys. */
function pick(burn: ClaimVectors['accepted'][number]['burn']) {
  const { keys: _keys, ...rest } = burn;
  return rest;
}

describe("the stranger's minter", () => {
  test('mints what our verifier accepts, of every act, and the very tokens that we mint', async () => {
    const [key] = vectors.keys;
    const minted = await askPython<{ token: string }>(
      vectors.accepted.map(({ claim }) => ({ do: 'mint', secret: key?.secret, claim })),
    );
    const keys = await readPublishedKeys(published);
    let same = 0;
    for (const [at, { act, nowMs, claim, mayBegin, token }] of vectors.accepted.entries()) {
      const verify = createClaimVerifier({ act, issuer, audience, keys });
      const theirs = minted[at]?.token ?? '';
      expect(await verify(theirs, nowMs)).toMatchObject({ ok: true, claim, mayBegin });
      if (theirs === token) same += 1;
    }
    expect(same).toBeGreaterThan(10);
  });
});

describe('one ledger for both', () => {
  let redis: TestRedis;
  let connection: RedisConnection;
  let ledger: Ledger;
  let prefix: string;
  let fenceScript: string;
  let burnScript: string;
  beforeAll(async () => {
    redis = await startRedis();
    connection = connectRedis(redis.url);
    prefix = `test-${randomBytes(6).toString('hex')}:`;
    ledger = createRedisLedger({ redis: connection, prefix });
    const page = await readFile(join(root, 'docs/claim-format.md'), 'utf8');
    [, fenceScript = ''] = /fence script: begin -->\s+```lua\n([\s\S]*?)```/.exec(page) ?? [];
    const parts = ['fence', 'copy', 'burn'].map((name) =>
      readFile(join(root, `packages/shared/lua/${name}.lua`), 'utf8'),
    );
    burnScript = (await Promise.all(parts)).join('');
  });
  afterAll(async () => {
    await ledger.close();
    connection.disconnect();
    await redis.stop();
  });

  const at = () => ({ port: redis.port, prefix });
  async function readFence(): Promise<string> {
    const [answer] = await askPython<{ fence: string }>([
      { do: 'fence', script: fenceScript, ...at() },
    ]);
    return answer?.fence ?? '';
  }
  async function burnByStranger(claim: DownloadClaim): Promise<string> {
    const [answer] = await askPython<{ outcome: string }>([
      { do: 'burn', script: burnScript, claim, kid: SOME_KEY_ID, ...at() },
    ]);
    return answer?.outcome ?? '';
  }
  async function claimUnder(fen: string, mod: 'strict' | 'resumable' = 'strict') {
    const { key } = await sampleKeys();
    return (await mintClaim<'download'>(key, sampleSentence({ fen, mod }), Date.now())).claim;
  }

  test('the fence that the stranger draws is the one that we read, and the other way round', async () => {
    const theirs = await readFence();
    expect(theirs).toMatch(/^[A-Za-z0-9_-]{8}$/);
    expect(await ledger.fence(newNonce())).toBe(theirs);
    expect(await readFence()).toBe(theirs);
  });

  test('what the stranger has burned we refuse, and what we have burned the stranger refuses', async () => {
    const fen = await ledger.fence(newNonce());
    const first = await claimUnder(fen);
    expect(await burnByStranger(first)).toBe('burned');
    expect(await ledger.burn(burnRequestOf(first, SOME_KEY_ID))).toBe('already-used');
    const second = await claimUnder(fen);
    expect(await ledger.burn(burnRequestOf(second, SOME_KEY_ID))).toBe('burned');
    expect(await burnByStranger(second)).toBe('already-used');
    const copy = await claimUnder(fen, 'resumable');
    expect(await burnByStranger(copy)).toBe('burned');
    expect(await burnByStranger(copy)).toBe('resumed');
  });

  test('what was revoked, and what is of another life of the ledger, the stranger refuses too', async () => {
    const fen = await ledger.fence(newNonce());
    const revoked = await claimUnder(fen);
    const nowMs = Date.now();
    const subject = `session:${revoked.ses}` as const;
    await ledger.revoke({ subject, issuedUntilMs: nowMs, forgetAtMs: nowMs + 60_000 });
    expect(await burnByStranger(revoked)).toBe('revoked');
    const other = { ...(await claimUnder('AAAAAAAA')), ses: 'another' };
    expect(await burnByStranger(other)).toBe('superseded');
    await connection.flushall();
    const flushed = { ...(await claimUnder(fen)), ses: 'another' };
    expect(await burnByStranger(flushed)).toBe('superseded');
  });

  test('a download server serves a claim that the stranger minted with a key of its own, once', async () => {
    const [key] = vectors.keys;
    const document = JSON.stringify({ keys: [{ kid: key?.kid, key: key?.public }] });
    const keyServer = createServer((_, response) => response.end(document));
    await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
    const keysUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    const downloads = await startTestDownloadServer({ ledger, config: { keysUrl } });
    try {
      const fil = await downloads.addFile("the stranger's file");
      const iat = Math.floor(Date.now() / 1000) * 1000;
      const instant = (ms: number) => new Date(ms).toISOString().replace('.000', '');
      const claim = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: 'stranger',
        jti: newNonce(),
        act: 'download',
        iat: instant(iat),
        exp: instant(iat + 60_000),
        fen: await readFence(),
        fil,
        mod: 'strict',
      };
      const [minted] = await askPython<{ token: string }>([
        { do: 'mint', secret: key?.secret, claim },
      ]);
      const url = `${downloads.url}/d/${minted?.token}/file.txt`;
      expect(await (await fetch(url)).text()).toBe("the stranger's file");
      const again = await fetch(url);
      expect([again.status, await again.text()]).toEqual([
        410,
        expect.stringContaining(':already-used"'),
      ]);
    } finally {
      await downloads.stop();
      await new Promise((resolve) => keyServer.close(resolve));
    }
  });
});
