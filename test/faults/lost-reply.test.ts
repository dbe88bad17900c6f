// A burn that was executed and whose answer was lost. It falls to the side of the promise: refused as
// `ledger-unavailable`, never served, never tried again by the server; the next asker hears `already-used`.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectRedis, createRedisLedger, type BurnRequest } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startCutProxy, type CutProxy } from '../support/cut-proxy.js';
import { startRedeemer } from './redeemers.js';
import { underLoad } from './under-load.js';

const CUTS = 20;
/** Inside the word that would have said how the burn went. */
const CUT_AFTER_BYTES = 9;
/** Only a burn names a set of burned nonces. */
const BURN_MARKER = 'claimcheck:burned:';

describe('a burn whose answer is lost', () => {
  let server: TestRedis;
  let proxy: CutProxy;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startCutProxy(server.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  async function mint(): Promise<BurnRequest> {
    const redis = connectRedis(server.url);
    const ledger = createRedisLedger({ redis });
    const nonce = newNonce();
    const read = () => ledger.fence(nonce).catch(() => undefined);
    const fence = await waitFor('the fence', read);
    await ledger.close();
    redis.disconnect();
    return { nonce, fence, issuedAtMs: Date.now(), forgetAtMs: Date.now() + 60_000, subjects: [] };
  }

  test('is refused, not served and not repeated; afterwards the claim counts as used', async () => {
    const claim = await mint();
    const redeemer = await startRedeemer(`redis://127.0.0.1:${proxy.port}`);
    try {
      const cut = proxy.cutReplyTo(claim.nonce, CUT_AFTER_BYTES);
      expect(await redeemer.redeem(claim)).toEqual({ outcome: 'ledger-unavailable', bytes: 0 });
      await cut;
      const after = await waitFor('the redeemer is connected again', async () => {
        const seen = await redeemer.redeem(claim);
        return seen.outcome !== 'ledger-unavailable' && seen;
      });
      expect(after).toEqual({ outcome: 'already-used', bytes: 0 });
    } finally {
      await redeemer.stop();
    }
  });

  test('is never served under load either, and nothing else is lost', async () => {
    const verdict = await underLoad({
      name: `standalone, ${CUTS} connections cut in mid-reply`,
      redisUrl: `redis://127.0.0.1:${proxy.port}`,
      mintUrl: server.url,
      act: async (load) => {
        for (let i = 0; i < CUTS; i += 1) {
          load.fault('cut in mid-reply');
          await proxy.cutReplyTo(BURN_MARKER, CUT_AFTER_BYTES);
        }
      },
    });
    expect(verdict.burnedUnserved).toBeGreaterThanOrEqual(CUTS);
    expect(verdict.outcomes['superseded']).toBeUndefined();
  });

  test('leaves nothing to the app server: when it ends, its claims are still served once', async () => {
    const claim = await mint();
    const [one, other] = [await startRedeemer(server.url), await startRedeemer(server.url)];
    try {
      const seen = await Promise.all([one.redeem(claim), other.redeem(claim)]);
      expect(seen.map(({ outcome }) => outcome).toSorted()).toEqual(['already-used', 'served']);
    } finally {
      await one.stop();
      await other.stop();
    }
  });
});
