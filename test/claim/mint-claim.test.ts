// What minting refuses: nothing leaves it that no verifier would accept.
import { describe, expect, test } from '@jest/globals';
import { mintClaim } from '@claimcheck/shared/mint';
import { NOW_MS, sampleKeys, sampleSentence } from './sample-claim.js';

describe('minting', () => {
  test.each([0, -1, 1.5, 901, Number.NaN])('refuses a life of %d seconds', async (life) => {
    const { key } = await sampleKeys();
    await expect(mintClaim(key, sampleSentence(), NOW_MS, life)).rejects.toThrow(RangeError);
  });

  test('refuses what no verifier would accept', async () => {
    const { key } = await sampleKeys();
    const { fil } = sampleSentence();
    const escaping = sampleSentence({ fil: { ...fil, key: '../x' } });
    await expect(mintClaim(key, escaping, NOW_MS)).rejects.toThrow(/fil\.key/);
  });
});
