// What every ledger must do, whatever holds its data. Run by one test file for each implementation.
import { describe, expect, test } from '@jest/globals';
import { subjectOf } from '@claimcheck/shared/claim';
import type { BurnRequest, Ledger, LedgerEvent } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { waitFor } from '../support/wait-for.js';

export interface LedgerUnderTest {
  ledger: Ledger;
  /** The clock the ledger goes by, Unix milliseconds. */
  now(): number;
  /** Lets that clock reach an instant. */
  reach(instantMs: number): Promise<void>;
}

/** @param attempts at one nonce at once; fewer where many servers share the machine's few cores. */
export function describeLedger(
  name: string,
  open: () => Promise<LedgerUnderTest>,
  attempts = 200,
): void {
  async function request(
    it: LedgerUnderTest,
    changes: Partial<BurnRequest> = {},
  ): Promise<BurnRequest> {
    const nonce = changes.nonce ?? newNonce();
    return {
      nonce,
      fence: await it.ledger.fence(nonce),
      issuedAtMs: it.now(),
      forgetAtMs: it.now() + 60_000,
      subjects: [subjectOf.claim(nonce)],
      ...changes,
    };
  }

  async function drain(ledger: Ledger, reader: string): Promise<LedgerEvent[]> {
    const feed = ledger.events(reader);
    const all: LedgerEvent[] = [];
    for (;;) {
      const batch = await feed.next();
      if (batch.length === 0) return all;
      all.push(...batch);
      await feed.acknowledge(batch.map(({ id }) => id));
    }
  }

  describe(`the ${name} ledger`, () => {
    test('burns a nonce once', async () => {
      const it = await open();
      const burn = await request(it);
      expect(await it.ledger.burn(burn)).toBe('burned');
      expect(await it.ledger.burn(burn)).toBe('already-used');
    });

    test(`burns a nonce once under ${attempts} parallel requests, and other nonces beside it`, async () => {
      const it = await open();
      for (let round = 0; round < 10; round += 1) {
        const [burn, beside] = [await request(it), await request(it)];
        const outcomes = await Promise.all(
          Array.from({ length: attempts }, async (_, i) =>
            i === attempts / 2
              ? [await it.ledger.burn(burn), await it.ledger.burn(beside)]
              : [await it.ledger.burn(burn)],
          ),
        );
        const [own, others] = [0, 1].map((index) => outcomes.flatMap((one) => one[index] ?? []));
        expect(own?.filter((outcome) => outcome === 'burned')).toHaveLength(1);
        expect(own?.filter((outcome) => outcome === 'already-used')).toHaveLength(attempts - 1);
        expect(others).toEqual(['burned']);
      }
    });

    test('gives one fence while it lives, and refuses every other', async () => {
      const it = await open();
      const burn = await request(it);
      expect(await it.ledger.fence(burn.nonce)).toBe(burn.fence);
      expect(await it.ledger.burn({ ...burn, fence: '000000000000' })).toBe('superseded');
      expect(await it.ledger.burn({ ...burn, fence: '' })).toBe('superseded');
      expect(await it.ledger.burn(burn)).toBe('burned');
    });

    test('refuses a claim under each revoked subject, and leaves it unburned', async () => {
      const it = await open();
      for (const kind of ['claim', 'session', 'account', 'file'] as const) {
        const nonce = newNonce();
        const subject = subjectOf[kind](kind === 'claim' ? nonce : newNonce());
        const burn = await request(it, { nonce, subjects: [subjectOf.account('other'), subject] });
        const neighbour = await request(it);
        await it.ledger.revoke({
          subject,
          issuedUntilMs: it.now() + 5000,
          forgetAtMs: it.now() + 60_000,
        });
        expect(await it.ledger.burn(burn)).toBe('revoked');
        expect(await it.ledger.burn({ ...burn, subjects: [] })).toBe('burned');
        expect(await it.ledger.burn(neighbour)).toBe('burned');
      }
    });

    test('refuses for ever what a revoked key has signed, whatever instant that states, and says so', async () => {
      const it = await open();
      const subject = subjectOf.key(`k4.pid.${newNonce()}`);
      expect(await it.ledger.isRevoked(subject)).toBe(false);
      const endOfTime = Date.parse('9999-12-31T23:59:59Z');
      await it.ledger.revoke({ subject, issuedUntilMs: endOfTime, forgetAtMs: endOfTime });
      expect(await it.ledger.isRevoked(subject)).toBe(true);
      for (const issuedAtMs of [0, it.now(), it.now() + 86_400_000, endOfTime]) {
        const burn = await request(it, { subjects: [subject], issuedAtMs });
        expect(await it.ledger.burn(burn)).toBe('revoked');
      }
      expect(await it.ledger.isRevoked(subjectOf.key(`k4.pid.${newNonce()}`))).toBe(false);
    });

    test('refuses claims issued up to the revocation, and burns those issued after it', async () => {
      const it = await open();
      const subject = subjectOf.account(newNonce());
      const issuedUntilMs = it.now();
      await it.ledger.revoke({ subject, issuedUntilMs, forgetAtMs: it.now() + 60_000 });
      const upTo = await request(it, { subjects: [subject], issuedAtMs: issuedUntilMs });
      const after = await request(it, { subjects: [subject], issuedAtMs: issuedUntilMs + 1 });
      expect(await it.ledger.burn(upTo)).toBe('revoked');
      expect(await it.ledger.burn(after)).toBe('burned');
    });

    test('only ever widens a revocation', async () => {
      const it = await open();
      const subject = subjectOf.account(newNonce());
      const issuedAtMs = it.now();
      await it.ledger.revoke({ subject, issuedUntilMs: issuedAtMs, forgetAtMs: it.now() + 60_000 });
      await it.ledger.revoke({
        subject,
        issuedUntilMs: issuedAtMs - 9000,
        forgetAtMs: it.now() + 100,
      });
      await it.reach(it.now() + 200);
      const burn = await request(it, { subjects: [subject], issuedAtMs });
      expect(await it.ledger.burn(burn)).toBe('revoked');
    });

    test('forgets a revocation when its time has come', async () => {
      const it = await open();
      const subject = subjectOf.session(newNonce());
      const burn = await request(it, { subjects: [subject] });
      await it.ledger.revoke({
        subject,
        issuedUntilMs: it.now() + 5000,
        forgetAtMs: it.now() + 300,
      });
      expect(await it.ledger.burn(burn)).toBe('revoked');
      await it.reach(it.now() + 400);
      expect(await it.ledger.burn(burn)).toBe('burned');
    });

    test('refuses a claim whose burn it would already have forgotten, burned before or not', async () => {
      const it = await open();
      const used = await request(it, { forgetAtMs: it.now() + 300 });
      const unused = await request(it, { forgetAtMs: used.forgetAtMs });
      expect(await it.ledger.burn(used)).toBe('burned');
      expect(await it.ledger.burn(used)).toBe('already-used');
      await it.reach(used.forgetAtMs);
      expect(await it.ledger.burn(used)).toBe('expired');
      expect(await it.ledger.burn(unused)).toBe('expired');
    });

    test('says of a burned and then revoked claim that it was used', async () => {
      const it = await open();
      const burn = await request(it);
      await it.ledger.burn(burn);
      const subject = subjectOf.claim(burn.nonce);
      await it.ledger.revoke({ subject, issuedUntilMs: it.now(), forgetAtMs: it.now() + 60_000 });
      expect(await it.ledger.burn(burn)).toBe('already-used');
    });

    test('writes one started event a burn, none for a refusal, and what else it is told', async () => {
      const it = await open();
      await drain(it.ledger, 'reader');
      const burn = await request(it);
      const from = it.now() - 2000;
      await it.ledger.burn(burn);
      await it.ledger.burn(burn);
      await it.ledger.burn({ ...burn, nonce: newNonce(), fence: 'x' });
      await it.ledger.record({ kind: 'refused', claimId: burn.nonce, bytes: 0 });
      await it.ledger.record({ kind: 'finished', claimId: burn.nonce, bytes: 2 ** 40 });
      const events = await drain(it.ledger, 'reader');
      expect(events.map(({ kind, claimId, bytes }) => ({ kind, claimId, bytes }))).toEqual([
        { kind: 'started', claimId: burn.nonce, bytes: 0 },
        { kind: 'refused', claimId: burn.nonce, bytes: 0 },
        { kind: 'finished', claimId: burn.nonce, bytes: 2 ** 40 },
      ]);
      for (const { atMs } of events) expect(atMs).toBeGreaterThan(from);
      expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    });

    test('gives an event again until it is acknowledged, and then never', async () => {
      const it = await open();
      await drain(it.ledger, 'reader');
      const burn = await request(it);
      await it.ledger.burn(burn);
      const feed = it.ledger.events('reader');
      const first = await waitFor('the event', async () => {
        const batch = await feed.next();
        return batch.length > 0 && batch;
      });
      expect(await feed.next()).toEqual(first);
      expect(await it.ledger.events('reader').next()).toEqual(first);
      await feed.acknowledge(first.map(({ id }) => id));
      expect(await feed.next()).toEqual([]);
      expect(await it.ledger.events('reader').next()).toEqual([]);
    });

    test('shares its events out among readers', async () => {
      const it = await open();
      await drain(it.ledger, 'one');
      const burns = await Promise.all(Array.from({ length: 20 }, () => request(it)));
      for (const burn of burns) await it.ledger.burn(burn);
      const [one, two] = [await drain(it.ledger, 'one'), await drain(it.ledger, 'two')];
      const seen = [...one, ...two].map(({ claimId }) => claimId);
      expect(seen.toSorted()).toEqual(burns.map(({ nonce }) => nonce).toSorted());
    });

    test('answers a check', async () => {
      const it = await open();
      await expect(it.ledger.check()).resolves.toBeUndefined();
    });
  });
}
