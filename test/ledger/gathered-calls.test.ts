// Burns, settlements and events that go to Redis in one call: each is decided and answered for itself, in the order
// in which they came, and what goes wrong with the call is told to all of them.
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from '@jest/globals';
import type { LedgerEvent, SentBytes } from '@claimcheck/shared/ledger';
import { askRedis, startRedis, type TestRedis } from '../support/redis.js';
import { burnRequest, closeLedgers, openLedger, type OpenedLedger } from './open-ledger.js';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => await server.stop());
afterEach(closeLedgers);

/** How often a script was called, and burned nonces were written. */
async function callsOf(run: () => Promise<unknown>): Promise<{ scripts: number; burns: number }> {
  await askRedis(server.port, 'CONFIG RESETSTAT');
  await run();
  const stats = await askRedis(server.port, 'INFO commandstats');
  const of = (name: string) =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { scripts: of('evalsha') + of('eval'), burns: of('sadd') };
}

async function eventsOf({ ledger }: OpenedLedger): Promise<LedgerEvent[]> {
  const feed = ledger.events('reader');
  // The first reading makes the group.
  await feed.next();
  return await feed.next();
}

const sent: SentBytes = { firstByte: 0, bytes: 600 };

describe('what comes in one turn of the event loop', () => {
  it('goes to Redis in few calls, and each burn is decided for itself', async () => {
    const on = await openLedger(server.url);
    const fresh = await Promise.all(Array.from({ length: 40 }, () => burnRequest(on.ledger)));
    const [used, revoked, stale, late] = fresh.splice(0, 4);
    if (!used || !revoked || !stale || !late) throw new Error('too few');
    await on.ledger.burn(used);
    const subject = `claim:${revoked.nonce}` as const;
    const forgetAtMs = Date.now() + 60_000;
    await on.ledger.revoke({ subject, issuedUntilMs: Date.now(), forgetAtMs });
    const asked = [
      used,
      { ...revoked, subjects: [subject] },
      { ...stale, fence: 'another' },
      { ...late, forgetAtMs: Date.now() - 1 },
      ...fresh,
      ...fresh,
    ];
    let outcomes: string[] = [];
    const calls = await callsOf(async () => {
      outcomes = await Promise.all(asked.map((request) => on.ledger.burn(request)));
    });
    expect(outcomes).toEqual([
      'already-used',
      'revoked',
      'superseded',
      'expired',
      ...fresh.map(() => 'burned'),
      ...fresh.map(() => 'already-used'),
    ]);
    // 64 go in one call at most.
    expect(calls.scripts).toBeLessThanOrEqual(3);
  });

  it('keeps its order: a settlement comes before the response that is opened after it', async () => {
    const on = await openLedger(server.url);
    const request = await burnRequest(on.ledger);
    const response = { ...request, budgetBytes: 1000, leastBytes: 1, mayBegin: true };
    const first = await on.ledger.openResponse({ ...response, bytes: 1000 });
    expect(first).toEqual({ outcome: 'burned', paidBytes: 1000, alone: true });
    const { nonce, fence } = request;
    const [, second] = await Promise.all([
      on.ledger.settle({ nonce, fence, refundBytes: 400, sent }),
      on.ledger.openResponse({ ...response, bytes: 1000 }),
      on.ledger.record({ kind: 'refused', claimId: nonce, bytes: 0 }),
    ]);
    expect(second).toEqual({ outcome: 'resumed', paidBytes: 400, alone: true });
    const events = await eventsOf(on);
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'sent', 'resumed', 'refused']);
    expect(events[1]).toMatchObject({ claimId: nonce, firstByte: 0, bytes: 600, open: 0 });
  });
});

it('a settlement or an event that fails is told alone, and the burns beside it are granted', async () => {
  const on = await openLedger(server.url);
  const [burn, broken] = [await burnRequest(on.ledger), await burnRequest(on.ledger)];
  await on.redis.set(`${on.prefix}copy:${broken.nonce}`, 'not a record');
  const [settled, burned] = await Promise.allSettled([
    on.ledger.settle({ nonce: broken.nonce, fence: broken.fence, refundBytes: 0, sent }),
    on.ledger.burn(burn),
  ]);
  expect(settled.status).toBe('rejected');
  expect(burned).toMatchObject({ status: 'fulfilled', value: 'burned' });
});

test('a fence that would read as several parts is refused, and no other burn with it', async () => {
  const on = await openLedger(server.url);
  const [burn, other] = [await burnRequest(on.ledger), await burnRequest(on.ledger)];
  const [crooked, straight] = await Promise.allSettled([
    on.ledger.burn({ ...burn, fence: `${burn.fence} 0` }),
    on.ledger.burn(other),
  ]);
  expect(crooked.status).toBe('rejected');
  expect(straight).toMatchObject({ status: 'fulfilled', value: 'burned' });
  expect(await on.ledger.burn(burn)).toBe('burned');
});

test('a server that has lost its scripts gets them again, and nothing is burned twice by it', async () => {
  const on = await openLedger(server.url);
  await on.ledger.burn(await burnRequest(on.ledger));
  await askRedis(server.port, 'SCRIPT FLUSH');
  const burn = await burnRequest(on.ledger);
  const calls = await callsOf(async () => expect(await on.ledger.burn(burn)).toBe('burned'));
  expect(calls.burns).toBe(1);
});

test('a call that fails fails for all that it asked, and none is burned', async () => {
  const on = await openLedger(server.url);
  const burns = await Promise.all(Array.from({ length: 5 }, () => burnRequest(on.ledger)));
  await askRedis(server.port, 'CONFIG SET maxmemory 1');
  const refused = await Promise.allSettled(burns.map((burn) => on.ledger.burn(burn)));
  await askRedis(server.port, 'CONFIG SET maxmemory 0');
  expect(refused.map(({ status }) => status)).toEqual(burns.map(() => 'rejected'));
  expect(await Promise.all(burns.map((burn) => on.ledger.burn(burn)))).toEqual(
    burns.map(() => 'burned'),
  );
});
