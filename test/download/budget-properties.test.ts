// The budget as a property: whatever is asked for, broken off or killed, no claim is ever sent more than its
// budget, and who asks for what it lacks ends with the exact file. fast-check prints the seed of a failure.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { budgetOf, sliceOf } from '@claimcheck/shared/claim';
import { createMemoryLedger, type Ledger } from '@claimcheck/shared/ledger';
import { closeLedgers, openLedger } from '../ledger/open-ledger.js';
import { sharedRedisUrl } from '../support/redis.js';
import { keepAccounts, type AccountingLedger } from './account-for-bytes.js';
import { readSome, type Taken } from './read-some.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
} from './start-download-server.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const MOST_BYTES = 3 * MIB;
/** For each ledger, on a busy machine; what has been tried by then counts. */
const TIME_LIMIT_MS = 15_000;

/** One request: what it asks for, and after how many bytes its client hangs up. */
interface Ask {
  /** Where it begins, as a share of the file; `lacked`: at the first byte that is not there yet. */
  from: number | 'lacked' | 'all';
  /** How many bytes it names; undefined for all that follow. */
  length: number | undefined;
  suffix: boolean;
  hangUpAfter: number;
}

/** Requests at once; `killed`: their server dies with them, before it tells the ledger anything. */
interface Step {
  asks: Ask[];
  killed: boolean;
}

const size = fc.oneof(
  fc.constantFrom(0, 1, 64 * KIB, 256 * KIB, MIB),
  fc.integer({ min: 0, max: 3 }),
  // Around the bytes of a read, and around slices and half slices.
  fc
    .tuple(
      fc.constantFrom(64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB),
      fc.integer({ min: -2, max: 2 }),
    )
    .map(([bytes, around]) => bytes + around),
  fc.integer({ min: 0, max: MOST_BYTES }),
);
const ask: fc.Arbitrary<Ask> = fc.record({
  from: fc.oneof(
    fc.constant('all' as const),
    fc.constant('lacked' as const),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  length: fc.option(fc.oneof(fc.constantFrom(1, 2), fc.integer({ min: 1, max: MIB })), {
    nil: undefined,
  }),
  suffix: fc.boolean(),
  hangUpAfter: fc.oneof(
    { weight: 3, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: MOST_BYTES }) },
  ),
});
const step: fc.Arbitrary<Step> = fc.record({
  asks: fc.array(ask, { minLength: 1, maxLength: 4 }),
  killed: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

/** What a client has of a file so far. */
function createCopy(content: Buffer) {
  const bytes = Buffer.alloc(content.length);
  const present = new Uint8Array(content.length);
  return {
    /** The first byte that is missing; -1 when none is. */
    firstLacked: () => present.indexOf(0),
    add({ status, headers, body }: Taken): void {
      if (status !== 200 && status !== 206) return;
      const first = Number(/^bytes (\d+)-/.exec(String(headers['content-range']))?.[1] ?? 0);
      body.copy(bytes, first);
      present.fill(1, first, first + body.length);
    },
    isExact: () => bytes.equals(content),
  };
}

function rangeOf(
  { from, length, suffix }: Ask,
  sizeBytes: number,
  firstLacked: number,
): string | undefined {
  if (from === 'all') return undefined;
  if (suffix && length !== undefined) return `bytes=-${length}`;
  const first = from === 'lacked' ? Math.max(firstLacked, 0) : Math.floor(from * sizeBytes);
  return length === undefined ? `bytes=${first}-` : `bytes=${first}-${first + length - 1}`;
}

describe.each([
  ['the ledger in memory', () => Promise.resolve(createMemoryLedger())],
  ['the ledger in Redis', async () => (await openLedger(sharedRedisUrl())).ledger],
])('with %s, for any file, requests, hang-ups and kills,', (_, open: () => Promise<Ledger>) => {
  let ledger: AccountingLedger;
  let on: TestDownloadServer;
  beforeAll(async () => {
    ledger = keepAccounts(await open());
    on = await startTestDownloadServer({ ledger, logLevel: 'warn' });
  });
  afterAll(async () => {
    await on.stop();
    await closeLedgers();
  });

  async function play(sizeBytes: number, steps: readonly Step[]): Promise<void> {
    const content = someBytes(sizeBytes);
    const file = await on.addFile(content, { key: 'property.bin' });
    const { url, claim } = await on.mint(file, { mod: 'resumable' });
    const copy = createCopy(content);
    let received = 0;

    async function get(range: string | undefined, hangUpAfter: number): Promise<Taken> {
      const taken = await readSome(url, range === undefined ? {} : { range }, hangUpAfter);
      received += taken.received * Number(taken.status < 300);
      copy.add(taken);
      return taken;
    }

    let killedResponses = 0;
    for (const { asks, killed } of steps) {
      ledger.loseSettlements(claim.jti, killed);
      const lacked = copy.firstLacked();
      await Promise.all(asks.map((one) => get(rangeOf(one, sizeBytes, lacked), one.hangUpAfter)));
      await ledger.quiet(claim.jti);
      if (killed) killedResponses += asks.length;
    }
    ledger.loseSettlements(claim.jti, false);

    // Then the client that asks for what it lacks, and for nothing else.
    let refused = false;
    while (copy.firstLacked() >= 0 && !refused) {
      refused =
        (await get(`bytes=${copy.firstLacked()}-`, Number.POSITIVE_INFINITY)).status === 410;
      await ledger.quiet(claim.jti);
    }

    const { sent, spent } = ledger.accountOf(claim.jti);
    const budget = budgetOf(sizeBytes);
    expect(received).toBeLessThanOrEqual(sent);
    expect(sent).toBeLessThanOrEqual(spent);
    expect(spent).toBeLessThanOrEqual(budget);
    // A crash costs at most a slice of each response that was being sent.
    expect(spent - sent).toBeLessThanOrEqual(killedResponses * sliceOf(sizeBytes));
    // Refused only when nothing is left; else the file is whole, and the very one.
    if (refused) expect(spent).toBe(budget);
    else expect(copy.isExact()).toBe(true);
  }

  it('no more than the budget is sent, and whoever stays within it ends with the exact file', async () => {
    const steps = fc.array(step, { maxLength: 10 });
    await fc.assert(fc.asyncProperty(size, steps, play), {
      numRuns: 300,
      interruptAfterTimeLimit: TIME_LIMIT_MS,
    });
  });
});
