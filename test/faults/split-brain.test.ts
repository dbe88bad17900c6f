// Two masters at once for as long as one likes, with the same data up to the split, and a download server
// on each side. The Sentinel and Cluster tests have the real thing, where it lasts a moment.
import { describe, expect, test } from '@jest/globals';
import { askRedis, startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startRedeemer } from './redeemers.js';
import { mintUnder, startIssuer } from './start-issuer.js';

describe('two masters with the same data', () => {
  test('serve each claim on the side that minted it, and on no other', async () => {
    const [a, b] = [await startRedis(), await startRedis()];
    const issuer = await startIssuer();
    try {
      const beforeSplit = await mintUnder(a.url, issuer, 10);
      await askRedis(b.port, `REPLICAOF 127.0.0.1 ${a.port}`);
      const follows = async () =>
        (await askRedis(b.port, 'INFO replication')).includes('master_link_status:up');
      await waitFor('the replica follows', follows);
      // Attaching the first replica has begun a new life: what is minted now is known on both sides.
      const known = await mintUnder(a.url, issuer, 10);
      const fence = async () => await askRedis(b.port, 'GET claimcheck:epoch');
      await waitFor('the replica has the fence', async () =>
        (await fence()).includes(known[0]?.fence ?? 'none'),
      );
      await askRedis(b.port, 'REPLICAOF NO ONE');
      const [onA, onB] = [await startRedeemer(a.url, issuer), await startRedeemer(b.url, issuer)];
      const minted = await mintUnder(b.url, issuer, 10);
      for (const claim of known) {
        expect(await onB.redeem(claim)).toEqual({ outcome: 'superseded', bytes: 0 });
        expect(await onA.redeem(claim)).toMatchObject({ outcome: 'served' });
        expect(await onB.redeem(claim)).toEqual({ outcome: 'superseded', bytes: 0 });
      }
      for (const claim of minted) {
        expect(await onA.redeem(claim)).toEqual({ outcome: 'superseded', bytes: 0 });
        expect(await onB.redeem(claim)).toMatchObject({ outcome: 'served' });
        expect(await onB.redeem(claim)).toEqual({ outcome: 'already-used', bytes: 0 });
      }
      for (const claim of beforeSplit) {
        const seen = [await onA.redeem(claim), await onB.redeem(claim)];
        expect(seen.filter(({ outcome }) => outcome === 'served').length).toBeLessThan(2);
        expect(seen[1]).toEqual({ outcome: 'superseded', bytes: 0 });
      }
      await onA.stop();
      await onB.stop();
    } finally {
      await issuer.stop();
      await a.stop();
      await b.stop();
    }
  });
});
