// The marks of killed keys in a ledger that has forgotten them: they are back before anybody can learn its fence.
import { describe, expect, test } from '@jest/globals';
import { subjectOf, type KeyId } from '@claimcheck/shared/claim';
import { createMemoryLedger, type Ledger } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { markBeforeFence, revokeKeys } from '@claimcheck/app-server/keys';

const KEY: KeyId = `k4.pid.${'A'.repeat(44)}`;

/** A ledger that begins new lives when told to: a Redis that is flushed. */
function createMortalLedger(): { ledger: Ledger; beginNewLife: () => void } {
  let life = createMemoryLedger();
  const ledger = new Proxy(life, { get: (_, name) => life[name as keyof Ledger] });
  return { ledger, beginNewLife: () => void (life = createMemoryLedger()) };
}

describe('a ledger that forgets', () => {
  test('has the marks again whenever a fence of it is handed out that was not before', async () => {
    const { ledger, beginNewLife } = createMortalLedger();
    let killed: readonly KeyId[] = [];
    const guarded = markBeforeFence(ledger, () => killed);
    await guarded.fence(newNonce());
    expect(await ledger.isRevoked(subjectOf.key(KEY))).toBe(false);
    killed = [KEY];
    for (let i = 0; i < 3; i += 1) {
      await guarded.fence(newNonce());
      expect(await ledger.isRevoked(subjectOf.key(KEY))).toBe(true);
      beginNewLife();
      expect(await ledger.isRevoked(subjectOf.key(KEY))).toBe(false);
    }
  });

  test('hands out no fence when the marks cannot be written', async () => {
    const { ledger } = createMortalLedger();
    const failing = Object.assign(Object.create(ledger) as Ledger, {
      revoke: () => Promise.reject(new Error('away')),
    });
    await expect(markBeforeFence(failing, () => [KEY]).fence(newNonce())).rejects.toThrow('away');
  });

  test('leaves everything else of it as it is', async () => {
    const { ledger } = createMortalLedger();
    await revokeKeys(
      markBeforeFence(ledger, () => []),
      [KEY],
    );
    expect(await ledger.isRevoked(subjectOf.key(KEY))).toBe(true);
  });
});
