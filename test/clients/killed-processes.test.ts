// The budget as a property once more, now with what cannot be acted: processes that SIGKILL ends at any byte of
// a body. Few runs, since each starts real processes; the many are in test/download/budget-properties.test.ts.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { budgetOf, sliceOf } from '@claimcheck/shared/claim';
import { responseRequestOf } from '@claimcheck/shared/ledger';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import { readSome } from '../download/read-some.js';
import { startFront, type Front } from './start-front.js';
import { startMortalServer, type MortalServer } from './start-mortal-server.js';

const MIB = 1024 * 1024;
/** More than the sockets between two processes hold. */
const SIZE = 32 * MIB;
/** After this no other run is begun; a kill and a start take about a second on an idle machine. */
const TIME_LIMIT_MS = 30_000;

let server: MortalServer;
let front: Front;
beforeAll(async () => {
  server = await startMortalServer();
  front = await startFront(server.port);
});
afterAll(async () => {
  await front.stop();
  await server.stop();
});

interface Death {
  /** Bytes of answers, heads among them, that pass before it. */
  after: number;
  /** Whether the connection's end is clean or a reset that loses what was under way. */
  how: 'drain' | 'reset';
}

const death: fc.Arbitrary<Death> = fc.record({
  after: fc.oneof(fc.constantFrom(1, 64 * 1024), fc.integer({ min: 1, max: 8 * MIB })),
  how: fc.constantFrom('drain', 'reset'),
});

async function fetchThrough(deaths: readonly Death[]): Promise<void> {
  const { url, claim, content } = await server.offer(SIZE, { port: front.port, key: 'killed.bin' });
  const parts: Buffer[] = [];
  let have = 0;
  const getTheRest = async () => {
    const taken = await readSome(url, have === 0 ? {} : { range: `bytes=${have}-` });
    if (taken.status >= 300) return taken.status;
    parts.push(taken.body);
    have += taken.received;
    return taken.status;
  };
  for (const { after, how } of deaths) {
    if (have === SIZE) break;
    const held = front.holdAfter(after);
    const getting = getTheRest();
    await held;
    await server.kill();
    await server.start();
    front.release(how);
    await getting;
  }
  // No response of a killed server was settled, so a refusal for a budget that is spent is possible in principle;
  // but each death costs at most a slice and what the sockets held, which these few do not add up to.
  for (;;) {
    if (have === SIZE) break;
    expect([200, 206]).toContain(await getTheRest());
  }
  expect(Buffer.concat(parts).equals(content)).toBe(true);

  const budgetBytes = budgetOf(SIZE);
  const request = {
    ...responseRequestOf(claim, { keyId: SOME_KEY_ID, mayBegin: false }),
    bytes: budgetBytes,
    leastBytes: 0,
  };
  const left = await server.ledger.openResponse(request);
  const spent = budgetBytes - ('paidBytes' in left ? left.paidBytes : 0);
  expect(have).toBeLessThanOrEqual(spent);
  expect(spent).toBeLessThanOrEqual(budgetBytes);
  const drained = deaths.every(({ how }) => how === 'drain');
  // What a clean end brought to the client is not lost: then it is the slices alone.
  if (drained) expect(spent - SIZE).toBeLessThanOrEqual(deaths.length * sliceOf(SIZE));
}

it('killed at any byte, servers send no more than the budget and the client ends with the exact file', async () => {
  const deaths = fc.array(death, { minLength: 1, maxLength: 2 });
  await fc.assert(fc.asyncProperty(deaths, fetchThrough), {
    numRuns: 6,
    interruptAfterTimeLimit: TIME_LIMIT_MS,
  });
});
