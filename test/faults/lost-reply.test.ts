// A burn that was executed and whose answer was lost. It falls to the side of the promise: refused as
// `ledger-unavailable`, never served, never tried again by the server; the next asker hears `already-used`.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startCutProxy, type CutProxy } from '../support/cut-proxy.js';
import { startRedeemer } from './redeemers.js';
import { mintUnder, startIssuer, type Issuer, type MintedClaim } from './start-issuer.js';
import { underLoad } from './under-load.js';

const CUTS = 20;
/** Inside the word that would have said how the burn went. */
const CUT_AFTER_BYTES = 9;
/** Only a burn names a set of burned nonces. */
const BURN_MARKER = 'claimcheck:burned:';

describe('a burn whose answer is lost', () => {
  let server: TestRedis;
  let proxy: CutProxy;
  let issuer: Issuer;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startCutProxy(server.port);
    issuer = await startIssuer();
  });
  afterAll(async () => {
    await issuer.stop();
    await proxy.stop();
    await server.stop();
  });

  async function mint(): Promise<MintedClaim> {
    const [claim] = await mintUnder(server.url, issuer, 1);
    if (claim === undefined) throw new Error('nothing was minted');
    return claim;
  }

  test('is refused, not served and not repeated; afterwards the claim counts as used', async () => {
    const claim = await mint();
    const redeemer = await startRedeemer(`redis://127.0.0.1:${proxy.port}`, issuer);
    try {
      const cut = proxy.cutReplyTo(claim.nonce, CUT_AFTER_BYTES);
      expect(await redeemer.redeem(claim)).toEqual({ outcome: 'ledger-unavailable', bytes: 0 });
      await cut;
      const after = await waitFor('the download server is connected again', async () => {
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
    const start = async () => await startRedeemer(server.url, issuer);
    const [one, other] = [await start(), await start()];
    try {
      // Its keys were read, its connection to the ledger is closed; now its address is gone too.
      await issuer.keyServer.stop();
      const seen = await Promise.all([one.redeem(claim), other.redeem(claim)]);
      expect(seen.map(({ outcome }) => outcome).toSorted()).toEqual(['already-used', 'served']);
    } finally {
      await one.stop();
      await other.stop();
    }
  });
});
