// Every peer of the speed bench really verifies and burns: a peer that did less would be fast for nothing. Real
// servers as the bench starts them; the two native ones have to keep the ledger's whole protocol, as ours does.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { etagOf } from '@claimcheck/shared/claim';
import { waitFor } from '../support/wait-for.js';
import { furnish, readPeers, type House, type Peer } from './speed-harness.js';

const FILE = '1 KiB';
/** Every way of taking the claim's one file at once. */
const PARALLEL = 20;

describe.each(['ours', 'P-openssl', 'P-sodium', 'N'])('the peer %s', (name) => {
  let house: House;
  let peer: Peer;
  beforeAll(async () => {
    house = await furnish({ [FILE]: 1024 });
    const start = (await readPeers())[name];
    if (start === undefined) throw new Error(`no peer ${name}`);
    peer = await start(house, { processes: 1 });
  });
  afterAll(async () => {
    await peer.stop();
    await house.close();
  });

  async function ask(token: string) {
    const response = await fetch(`http://127.0.0.1:${peer.ports[0]}/d/${token}`);
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, body, headers: response.headers };
  }
  const mintOne = async () => (await house.mint(FILE, 1))[0] ?? '';

  test('serves a fresh claim whole, as an attachment with the claimed tag', async () => {
    const { status, body, headers } = await ask(await mintOne());
    const file = house.file(FILE);
    expect(status).toBe(200);
    expect(body.equals(await readFile(join(house.root, file.key)))).toBe(true);
    expect(headers.get('etag')).toBe(`"${etagOf(file)}"`);
    if (name !== 'N') {
      const digest = createHash('sha256').update(body).digest('base64');
      expect(headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
    }
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="report 2026.bin"/);
  });

  test('refuses a claim the second time', async () => {
    const token = await mintOne();
    expect((await ask(token)).status).toBe(200);
    expect((await ask(token)).status).toBe(410);
  });

  test(`serves one of ${PARALLEL} requests at once with the same claim`, async () => {
    const token = await mintOne();
    const answers = await Promise.all(Array.from({ length: PARALLEL }, () => ask(token)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: PARALLEL - 1 }, () => 410)]);
  });

  test('refuses a forged claim, and its forging does not burn the real one', async () => {
    const token = await mintOne();
    expect((await ask(forge(token))).status).toBe(403);
    expect((await ask(token)).status).toBe(200);
  });

  test("refuses a stranger's signature under our key's id, and a claim for another server", async () => {
    expect((await ask(await house.mintByStranger(FILE))).status).toBe(403);
    expect((await ask(await house.mintForOther(FILE))).status).toBe(403);
  });

  test('refuses an expired claim', async () => {
    // The naive one says no more than that it is invalid.
    const status = name === 'N' ? 403 : 410;
    expect((await ask(await house.mintExpired(FILE))).status).toBe(status);
  });
});

describe.each(['ours', 'P-openssl', 'P-sodium'])('the ledger as %s keeps it', (name) => {
  let house: House;
  let peer: Peer;
  let ours: Peer;
  beforeAll(async () => {
    house = await furnish({ [FILE]: 1024 });
    const peers = await readPeers();
    if (peers[name] === undefined || peers['ours'] === undefined) throw new Error('no such peer');
    peer = await peers[name](house, { processes: 1 });
    ours = await peers['ours'](house, { processes: 1 });
  });
  afterAll(async () => {
    await ours.stop();
    await peer.stop();
    await house.close();
  });
  let token: string;
  beforeEach(async () => {
    [token = ''] = await house.mint(FILE, 1);
  });
  const statusAt = async (where: Peer) => {
    const response = await fetch(`http://127.0.0.1:${where.ports[0]}/d/${token}`);
    await response.arrayBuffer();
    return response.status;
  };

  const refusalOf = async (where: Peer) => {
    const response = await fetch(`http://127.0.0.1:${where.ports[0]}/d/${token}`);
    return ((await response.json()) as { type: string }).type;
  };

  test('what it burns is refused by the download server', async () => {
    expect([await statusAt(peer), await statusAt(ours)]).toEqual([200, 410]);
  });

  test('what the download server burns is refused by it', async () => {
    expect([await statusAt(ours), await statusAt(peer)]).toEqual([200, 410]);
  });

  test('refuses a claim whose account was revoked', async () => {
    const nowMs = Date.now();
    const account = 'account:q3cWlYvGxq0a' as const;
    const forgetAtMs = nowMs + 60_000;
    await house.ledger.revoke({ subject: account, issuedUntilMs: nowMs + 5000, forgetAtMs });
    expect(await refusalOf(peer)).toBe('urn:claimcheck:problem:revoked');
    await house.redis.redis.flushall();
  });

  test('refuses a claim of another life of the ledger', async () => {
    await house.redis.redis.flushall();
    expect(await refusalOf(peer)).toBe('urn:claimcheck:problem:superseded');
  });

  test('tells the ledger what was started and what was finished', async () => {
    await house.redis.redis.flushall();
    [token = ''] = await house.mint(FILE, 1);
    expect(await statusAt(peer)).toBe(200);
    const kinds = await waitFor('both events are there', async () => {
      const events = await house.redis.redis.xrange('claimcheck:events', '-', '+');
      const text = JSON.stringify(events);
      return text.includes('"finished"') && text;
    });
    expect(kinds).toMatch(/"started".*"finished".*"bytes","1024"/);
  });
});

/** The same claim with one bit of its signature turned. */
function forge(token: string): string {
  const [version, purpose, payload = '', footer] = token.split('.');
  const bytes = Buffer.from(payload, 'base64url');
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 40) ^ 1, bytes.length - 40);
  return [version, purpose, bytes.toString('base64url'), footer].join('.');
}
