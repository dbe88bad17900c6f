// Keys are changed on a Tuesday afternoon and nobody notices; and killed at night, which everybody does. All of it over
// real processes under load. KEY_ROTATIONS=5 KEY_ROTATION_EVERY_SECONDS=12 is the full minute.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { get } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLOCK_TOLERANCE_SECONDS, type DownloadClaim } from '@claimcheck/shared/claim';
import { importSecretBytes, mintClaim, newNonce, type SigningKey } from '@claimcheck/shared/mint';
import { openDatabase } from '@claimcheck/app-server';
import { keyState, readRing, type KeyState } from '@claimcheck/app-server/keys';
import { createLogger } from '@claimcheck/shared/log';
import { askRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { at, mint, upload, type MintedClaim } from '../system/start-system.js';
import { startFleet, type Fleet } from './start-fleet.js';
import { keyIdOf, redeem, startLoad, withoutBusyMachine, type Redeemed } from './under-load.js';

const ROTATIONS = Number(process.env['KEY_ROTATIONS'] ?? 2);
const EVERY_SECONDS = Number(process.env['KEY_ROTATION_EVERY_SECONDS'] ?? 6);
/** Fetched whole it takes half a minute at the fleet's rate. */
const LARGE_BYTES = 30_000_000;
const MIB = 1024 * 1024;

let fleet: Fleet;
let fileId: string;
let large: string;
beforeAll(async () => {
  fleet = await startFleet({
    KEYS_MAX_AGE_SECONDS: '2',
    KEY_PUBLISH_AHEAD_SECONDS: '5',
    MAX_BYTES_PER_SECOND: String(MIB),
  });
  const [client] = fleet.clients;
  if (client === undefined) throw new Error('nobody is signed in');
  fileId = (await upload(client)).id;
  large = (await upload(client, LARGE_BYTES, 'large.bin')).id;
}, 120_000);
afterAll(async () => await fleet.stop(), 60_000);

/** Read here and not by the command, whose start takes the time of many rotations on a busy machine. */
async function listKeys(): Promise<{ id: string; state: KeyState }[]> {
  const { keys } = await readRing(join(fleet.dataDir, 'keys'));
  return keys.map((key) => ({ id: key.id, state: keyState(key, Date.now()) }));
}

const stateOf = async (id: string) => (await listKeys()).find((key) => key.id === id)?.state;
const client = (index: number) => {
  const found = fleet.clients[index];
  if (found === undefined) throw new Error('no such client');
  return found;
};

/** Begins to fetch and takes all that comes; resolves to how many bytes that was, once it has ended. */
function fetchSlowly(url: string): { began: Promise<number>; ended: Promise<number> } {
  let began: (status: number) => void = () => {};
  let received = 0;
  const ended = new Promise<number>((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      began(response.statusCode ?? 0);
      response.on('data', (chunk: Buffer) => (received += chunk.length));
      response.on('error', () => {});
      response.on('close', () => resolve(received));
    }).on('error', reject);
  });
  return { began: new Promise((resolve) => (began = resolve)), ended };
}

test('rotations under load refuse no claim for its key', async () => {
  const load = startLoad(fleet, fileId);
  const beganAtMs = performance.now();
  const made: string[] = [];
  for (let i = 0; i < ROTATIONS; i += 1) {
    const startedAtMs = performance.now();
    const { status, output } = await fleet.keys('rotate', '--json');
    expect([status, output]).toEqual([0, expect.stringContaining('"published"')]);
    const next = (JSON.parse(output) as { keys: { id: string }[] }).keys.at(-1)?.id ?? '';
    made.push(next);
    await waitFor('the new key signs', async () => (await stateOf(next)) === 'signs', 30_000);
    await waitFor(
      'the pace is kept',
      () => performance.now() - startedAtMs >= EVERY_SECONDS * 1000,
      60_000,
    );
  }
  const last = made.at(-1) ?? '';
  await waitFor(
    'its claims arrive',
    () => load.redeemed.filter(({ keyId }) => keyId === last).length > 20,
    30_000,
  );
  await load.stop();
  expect(withoutBusyMachine(load.unminted)).toEqual([]);
  const outcomes = withoutBusyMachine(load.redeemed.map(({ outcome }) => outcome));
  expect(outcomes.filter((outcome) => outcome !== '200')).toEqual([]);
  const signedBy = new Set(load.redeemed.map(({ keyId }) => keyId));
  expect(signedBy.size).toBe(ROTATIONS + 1);
  for (const id of made) expect(signedBy).toContain(id);
  const seconds = Math.round((performance.now() - beganAtMs) / 1000);
  report(
    `${ROTATIONS} rotations in ${seconds} s, ${outcomes.length} claims redeemed, none refused for its key`,
  );
}, 240_000);

describe('retire --now', () => {
  let stolen: SigningKey;
  let oldId: string;
  let newId: string;

  beforeAll(async () => {
    oldId = (await listKeys()).find(({ state }) => state === 'signs')?.id ?? '';
    const path = join(fleet.dataDir, 'stolen');
    const { status, output } = await fleet.keys('export', oldId, '--secret', path, '--clear');
    if (status !== 0) throw new Error(output);
    const text = (await readFile(path, 'utf8')).trim();
    stolen = await importSecretBytes(Buffer.from(text.slice('k4.secret.'.length), 'base64url'));
  }, 60_000);

  /** What a thief can do: with the key, and with all that a claim of this moment tells. */
  async function forge(issuedAtMs: number): Promise<MintedClaim> {
    const legitimate = await mint(client(0), fileId);
    const token = new URL(legitimate.url).pathname.split('/')[2] ?? '';
    const payload = Buffer.from(token.split('.')[2] ?? '', 'base64url').subarray(0, -64);
    const { exp: _exp, iat: _iat, ...claim } = JSON.parse(payload.toString()) as DownloadClaim;
    const forged = await mintClaim<'download'>(
      stolen,
      { ...claim, jti: newNonce() },
      issuedAtMs,
      900,
    );
    const url = legitimate.url.replace(token, forged.token);
    return { ...legitimate, url };
  }

  test('refuses every claim of the key on all download servers within ten seconds, under way or new', async () => {
    const waiting: MintedClaim[] = [];
    for (let i = 0; i < 60; i += 1) waiting.push(await mint(client(i % 2), fileId));
    const copies = await Promise.all(
      (['strict', 'resumable'] as const).map(async (mode, i) => {
        const claim = await mint(client(0), large, mode);
        const copy = fetchSlowly(at(fleet.downloadUrls[i], claim));
        expect(await copy.began).toBe(200);
        const ended = copy.ended.then((bytes) => ({ bytes, endedAtMs: Date.now() }));
        // Not the promise itself: that would be waited for.
        return { ended };
      }),
    );
    // It has the killed key in its memory, and hears nothing more from any app server.
    fleet.wire.cut();
    const load = startLoad(fleet, fileId);

    const typedAtMs = Date.now();
    const { status, output } = await fleet.keys('retire', '--now', oldId);
    expect([status, output]).toEqual([
      0,
      expect.stringContaining('killed, here and in the ledger'),
    ]);
    const toldAtMs = Date.now();
    // A process on a busy machine may take seconds to start; what counts is from the moment that it acts.
    const killedAtMs = (await readRing(join(fleet.dataDir, 'keys'))).change?.atMs ?? 0;
    expect(killedAtMs).toBeGreaterThan(typedAtMs);
    let lastServedMs = 0;
    const outcomes: Redeemed[] = [];
    for (const [i, claim] of waiting.entries()) {
      const answer = await redeem(claim, fleet.downloadUrls[i % 2] ?? '');
      outcomes.push(answer);
      if (answer.outcome === '200') lastServedMs = answer.atMs - killedAtMs;
    }
    expect(lastServedMs).toBeLessThan(10_000);
    expect(outcomes.at(-1)?.outcome).toMatch(/^(410 revoked|403 invalid-claim)$/);
    const cut = await Promise.all(copies.map(({ ended }) => ended));
    for (const { bytes, endedAtMs } of cut) {
      expect(bytes).toBeLessThan(LARGE_BYTES);
      expect(endedAtMs - killedAtMs).toBeLessThan(10_000);
    }

    // The other one must not wait for a fetch that cannot succeed: it learns the new key when the wire is back.
    fleet.wire.leadTo(Number(new URL(fleet.appUrls[1] ?? '').port));
    await waitFor(
      'a new key signs what is fetched',
      () =>
        load.redeemed.filter(({ keyId, outcome }) => keyId !== oldId && outcome === '200').length >
        20,
      30_000,
    );
    await load.stop();
    const byNew = load.redeemed.filter(({ keyId }) => keyId !== oldId);
    newId = byNew[0]?.keyId ?? '';
    expect(withoutBusyMachine(load.unminted)).toEqual([]);
    // While its app server could not be reached one of them could not know: it says so, and does not judge.
    const refused = withoutBusyMachine(byNew.map(({ outcome }) => outcome)).filter(
      (outcome) => !['200', '503 busy'].includes(outcome),
    );
    expect(refused).toEqual([]);
    const late = load.redeemed.filter(
      ({ keyId, atMs }) => keyId === oldId && atMs > toldAtMs + 2000,
    );
    expect(late.filter(({ outcome }) => outcome === '200')).toEqual([]);
    report(
      `the command took ${toldAtMs - typedAtMs} ms, ${toldAtMs - killedAtMs} of them after it had killed the key; the ` +
        `last claim was served ${lastServedMs} ms after that, copies ended after ${cut.map(({ endedAtMs }) => endedAtMs - killedAtMs).join(' and ')} ms`,
    );
  }, 120_000);

  test('refuses what a thief mints from now on, whatever it says, at a server that no app server reaches', async () => {
    expect(await stateOf(oldId)).toBe('killed');
    fleet.wire.cut();
    for (const shiftMs of [-60_000, 0, CLOCK_TOLERANCE_SECONDS * 1000 - 1000])
      for (const url of fleet.downloadUrls)
        await expectRefused(await forge(Date.now() + shiftMs), url);
  }, 60_000);

  test.each([
    ['flushed', async () => void (await askRedis(fleet.redis.port, 'FLUSHALL'))],
    ['restarted without its data', async () => await fleet.redis.restart()],
  ])(
    'refuses it also after the ledger was %s',
    async (_, hurt) => {
      await hurt();
      for (const [i] of fleet.clients.entries()) await signInAgain(i);
      for (const url of fleet.downloadUrls) await expectRefused(await forge(Date.now()), url);
    },
    60_000,
  );

  /** Sessions are in the Redis that was hurt. */
  async function signInAgain(index: number): Promise<void> {
    const credentials = { email: 'ada@example.org', password: 'correct horse battery' };
    await waitFor(
      'sessions are kept again',
      async () => (await client(index).json('POST', '/api/session', credentials)).status === 204,
      20_000,
    );
  }

  async function expectRefused(claim: MintedClaim, url: string): Promise<void> {
    expect(keyIdOf(claim)).toBe(oldId);
    const { outcome } = await redeem(claim, url);
    expect(outcome).toMatch(/^(410 revoked|403 invalid-claim)$/);
  }

  test('leaves the new key to sign, and everything of it is served', async () => {
    fleet.wire.leadTo(Number(new URL(fleet.appUrls[1] ?? '').port));
    const states = await listKeys();
    expect(states.find(({ id }) => id === newId)?.state).toBe('signs');
    for (const url of fleet.downloadUrls)
      await waitFor(
        'served',
        async () => (await redeem(await mint(client(0), fileId), url)).outcome === '200',
        20_000,
      );
  }, 60_000);
});

test('the audit trail has each change once, though two servers have seen it', async () => {
  const { dataDir, databaseUrl } = fleet;
  const log = createLogger('test', 'silent');
  const { db, close } = await openDatabase({ databaseUrl, dataDir, log });
  try {
    const rows = await waitFor('all is written down', async () => {
      const found = await db
        .selectFrom('audit_entry')
        .select(['action', 'subject', 'actor_id', 'details'])
        .execute();
      const ofKeys = found.filter(({ action }) => action.startsWith('key.'));
      return ofKeys.some(({ action }) => action === 'key.killed') && ofKeys;
    });
    const count = (action: string) => rows.filter((row) => row.action === action).length;
    // The first key, one a rotation; that of the emergency came with the killing.
    expect(count('key.made')).toBe(ROTATIONS + 1);
    expect([count('key.exported'), count('key.killed')]).toEqual([1, 1]);
    const text = JSON.stringify(rows);
    expect(text).not.toContain('k4.secret');
  } finally {
    await close();
  }
}, 60_000);

/** Figures for docs/keys.md. */
function report(text: string): void {
  process.stdout.write(`rotation: ${text}\n`);
}
