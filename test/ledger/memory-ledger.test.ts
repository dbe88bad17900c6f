// The contract on memory, and what only memory has: a fence for each process life.
import { describe, expect, test } from '@jest/globals';
import { createMemoryLedger } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { describeLedger } from './contract.js';

describeLedger('memory', async () => {
  let clockMs = 1_800_000_000_000;
  const now = () => clockMs;
  return {
    ledger: createMemoryLedger({ now }),
    now,
    reach: async (instantMs) => void (clockMs = instantMs),
  };
});

describe('two lives of the memory ledger', () => {
  test('refuse each other’s claims as superseded', async () => {
    const [before, after] = [createMemoryLedger(), createMemoryLedger()];
    const nonce = newNonce();
    const request = {
      nonce,
      fence: await before.fence(nonce),
      issuedAtMs: Date.now(),
      forgetAtMs: Date.now() + 60_000,
      subjects: [],
    };
    expect(await after.burn(request)).toBe('superseded');
  });
});
