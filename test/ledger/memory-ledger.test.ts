// The contract on memory, and what only memory has: a fence for each process life.
import { describe, expect, test } from '@jest/globals';
import { createMemoryLedger, type ResponseRequest } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { describeLedger } from './contract.js';
import { describeCopies } from './copies-contract.js';

const MINUTE_MS = 60_000;

async function open() {
  let clockMs = 1_800_000_000_000;
  const now = () => clockMs;
  const ledger = createMemoryLedger({ now });
  return {
    ledger,
    now,
    reach: async (instantMs: number) => void (clockMs = instantMs),
    outlive: async (claim: ResponseRequest, seconds: number, alive?: () => Promise<unknown>) => {
      const endMs = clockMs + seconds * 1000;
      for (; clockMs + MINUTE_MS < endMs; clockMs += MINUTE_MS) await alive?.();
      clockMs = endMs - 1;
      expect(await ledger.copyState(claim)).toBe('under-way');
      clockMs = endMs;
    },
  };
}

describeLedger('memory', open);
describeCopies('memory', open);

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
