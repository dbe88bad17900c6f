// What every ledger must do about the copies of resumable claims: one burn, one budget of bytes however many
// responses there are, and an end. Run by one test file for each implementation.
import { describe, expect, test } from '@jest/globals';
import { COPY_IDLE_SECONDS, MAX_COPY_SECONDS, subjectOf } from '@claimcheck/shared/claim';
import type { Ledger, LedgerEvent, ResponseRequest } from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import type { LedgerUnderTest } from './contract.js';

const BUDGET = 1000;

export interface LedgerWithCopies extends LedgerUnderTest {
  /** Lets these seconds pass for the copy of a claim, and sees that it ends with them, not before. */
  outlive(claim: ResponseRequest, seconds: number, alive?: () => Promise<unknown>): Promise<void>;
}

export function describeCopies(name: string, open: () => Promise<LedgerWithCopies>): void {
  async function request(
    it: LedgerUnderTest,
    changes: Partial<ResponseRequest> = {},
  ): Promise<ResponseRequest> {
    const nonce = changes.nonce ?? newNonce();
    return {
      nonce,
      fence: await it.ledger.fence(nonce),
      issuedAtMs: it.now(),
      forgetAtMs: it.now() + 60_000,
      subjects: [subjectOf.claim(nonce), subjectOf.session(`session-of-${nonce}`)],
      budgetBytes: BUDGET,
      bytes: 100,
      leastBytes: changes.bytes ?? 100,
      mayBegin: true,
      ...changes,
    };
  }

  const sent = (bytes = 0) => ({ firstByte: 0, bytes });

  async function eventsOf(ledger: Ledger, nonce: string): Promise<Partial<LedgerEvent>[]> {
    const feed = ledger.events('copies');
    const own: Partial<LedgerEvent>[] = [];
    for (;;) {
      const batch = await feed.next();
      if (batch.length === 0) return own;
      await feed.acknowledge(batch.map(({ id }) => id));
      for (const { kind, claimId, firstByte, bytes, open: responses } of batch)
        if (claimId === nonce) own.push({ kind, firstByte, bytes, open: responses });
    }
  }

  describe(`copies in the ${name} ledger`, () => {
    test('are burned by one of 50 first responses, and gone on with by the others', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 10 });
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => it.ledger.openResponse(claim)),
      );
      const outcomes = answers.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'burned')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'resumed')).toHaveLength(49);
      expect(answers.filter((answer) => 'alone' in answer && answer.alone)).toHaveLength(1);
    });

    test('are paid for up to the budget and no further, however many ask at once', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 70 });
      const opened = await Promise.all(
        Array.from({ length: 10 }, () => it.ledger.openResponse(claim)),
      );
      const paid = await Promise.all(
        Array.from({ length: 10 }, () => it.ledger.pay({ ...claim, bytes: 70, sent: sent() })),
      );
      const bytes = [...opened, ...paid].map((answer) =>
        'paidBytes' in answer ? answer.paidBytes : 0,
      );
      expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(BUDGET);
      // Fourteen whole ones, the rest, and none.
      expect(bytes.filter((one) => one === 70)).toHaveLength(14);
      expect(bytes.filter((one) => one === 20)).toHaveLength(1);
      expect(paid.filter(({ outcome }) => outcome === 'spent')).toHaveLength(5);
      expect(await it.ledger.openResponse(claim)).toEqual({ outcome: 'already-used' });
    });

    test('get back what was not sent', async () => {
      const it = await open();
      const claim = await request(it, { bytes: BUDGET });
      await it.ledger.openResponse(claim);
      await it.ledger.settle({ ...claim, refundBytes: 400, sent: sent(600), whole: true });
      const more = { ...claim, bytes: 401, leastBytes: 401 };
      expect(await it.ledger.openResponse(more)).toEqual({ outcome: 'already-used' });
      const rest = { ...claim, bytes: 400, leastBytes: 400 };
      expect(await it.ledger.openResponse(rest)).toEqual({
        outcome: 'resumed',
        paidBytes: 400,
        alone: true,
      });
    });

    test('are charged with what was sent unpaid', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 100 });
      await it.ledger.openResponse(claim);
      await it.ledger.settle({ ...claim, refundBytes: -850, sent: sent(950), whole: true });
      expect(await it.ledger.openResponse(claim)).toEqual({ outcome: 'already-used' });
      const rest = { ...claim, bytes: 50, leastBytes: 50 };
      expect(await it.ledger.openResponse(rest)).toMatchObject({ paidBytes: 50 });
    });

    test('say whether a response is the only one', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 10 });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ alone: true });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ alone: false });
      const payment = { ...claim, sent: sent() };
      expect(await it.ledger.pay(payment)).toMatchObject({ alone: false });
      await it.ledger.settle({ ...claim, refundBytes: 0, sent: sent() });
      expect(await it.ledger.pay(payment)).toMatchObject({ alone: true });
    });

    test('take a payment of no bytes for a sign of life', async () => {
      const it = await open();
      const claim = await request(it, { bytes: BUDGET });
      await it.ledger.openResponse(claim);
      expect(await it.ledger.pay({ ...claim, bytes: 0, sent: sent() })).toEqual({
        outcome: 'paid',
        paidBytes: 0,
        alone: true,
      });
    });

    test('of no bytes are burned and fetched again', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 0 });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ outcome: 'burned' });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ outcome: 'resumed' });
    });

    test('do not begin past exp, but are gone on with, also when the burn is forgotten', async () => {
      const it = await open();
      const late = await request(it, { mayBegin: false });
      expect(await it.ledger.openResponse(late)).toEqual({ outcome: 'expired' });
      const begun = await request(it, { forgetAtMs: it.now() + 300 });
      expect(await it.ledger.openResponse(begun)).toMatchObject({ outcome: 'burned' });
      await it.reach(begun.forgetAtMs);
      expect(await it.ledger.openResponse({ ...begun, mayBegin: false })).toMatchObject({
        outcome: 'resumed',
      });
    });

    test('stop at a revocation of any subject, in the middle and at the next request', async () => {
      const it = await open();
      for (const index of [0, 1]) {
        const claim = await request(it);
        await it.ledger.openResponse(claim);
        const subject = claim.subjects[index] ?? subjectOf.account('');
        await it.ledger.revoke({
          subject,
          issuedUntilMs: it.now(),
          forgetAtMs: it.now() + 60_000,
        });
        expect(await it.ledger.pay({ ...claim, sent: sent() })).toEqual({ outcome: 'revoked' });
        expect(await it.ledger.openResponse(claim)).toEqual({ outcome: 'revoked' });
      }
    });

    test('are spared by a revocation of what is unburned, which a wider one overrides', async () => {
      const it = await open();
      const begun = await request(it);
      await it.ledger.openResponse(begun);
      const subject = subjectOf.session(`session-of-${begun.nonce}`);
      const unburned = await request(it, { subjects: [subject] });
      const mark = { subject, issuedUntilMs: it.now() + 1000, forgetAtMs: it.now() + 60_000 };
      await it.ledger.revoke({ ...mark, onlyUnburned: true });
      expect(await it.ledger.openResponse(unburned)).toEqual({ outcome: 'revoked' });
      expect(await it.ledger.pay({ ...begun, sent: sent() })).toMatchObject({ outcome: 'paid' });
      await it.ledger.revoke(mark);
      await it.ledger.revoke({ ...mark, onlyUnburned: true });
      expect(await it.ledger.pay({ ...begun, sent: sent() })).toEqual({ outcome: 'revoked' });
    });

    test('belong to one life of the ledger', async () => {
      const it = await open();
      const claim = await request(it);
      await it.ledger.openResponse(claim);
      const other = { ...claim, fence: '000000000000' };
      expect(await it.ledger.openResponse(other)).toEqual({ outcome: 'superseded' });
      expect(await it.ledger.pay({ ...other, sent: sent() })).toEqual({ outcome: 'superseded' });
      await it.ledger.settle({ ...other, refundBytes: 100, sent: sent() });
      expect(await it.ledger.pay({ ...claim, bytes: BUDGET, sent: sent() })).toMatchObject({
        paidBytes: BUDGET - 100,
      });
    });

    test('cannot be paid for before they have begun', async () => {
      const it = await open();
      const claim = await request(it);
      expect(await it.ledger.pay({ ...claim, sent: sent() })).toEqual({ outcome: 'over' });
      expect(await it.ledger.copyState(claim)).toBe('unburned');
    });

    test('are not burned a second time by a strict burn, nor the other way round', async () => {
      const it = await open();
      const [one, other] = [await request(it), await request(it)];
      await it.ledger.openResponse(one);
      expect(await it.ledger.burn(one)).toBe('already-used');
      await it.ledger.burn(other);
      expect(await it.ledger.openResponse(other)).toEqual({ outcome: 'already-used' });
    });

    test('are opened for more than is left of them, until one response was whole', async () => {
      const it = await open();
      const claim = await request(it, { bytes: 10, leastBytes: BUDGET });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ outcome: 'burned' });
      expect(await it.ledger.openResponse(claim)).toMatchObject({ outcome: 'resumed' });
      await it.ledger.settle({ ...claim, refundBytes: 0, sent: sent(10), whole: true });
      await it.ledger.settle({ ...claim, refundBytes: 0, sent: sent(10) });
      expect(await it.ledger.openResponse(claim)).toEqual({ outcome: 'already-used' });
      const shorter = { ...claim, leastBytes: BUDGET - 20 };
      expect(await it.ledger.openResponse(shorter)).toMatchObject({ outcome: 'resumed' });
    });

    test('tell their state and change nothing by it', async () => {
      const it = await open();
      const claim = await request(it, { forgetAtMs: it.now() + 300 });
      expect(await it.ledger.copyState(claim)).toBe('unburned');
      expect(await it.ledger.copyState({ ...claim, fence: 'x' })).toBe('superseded');
      const strict = await request(it);
      await it.ledger.burn(strict);
      expect(await it.ledger.copyState(strict)).toBe('over');
      const begun = await request(it, { forgetAtMs: claim.forgetAtMs });
      await it.ledger.openResponse(begun);
      expect(await it.ledger.copyState(begun)).toBe('under-way');
      await it.reach(claim.forgetAtMs);
      expect(await it.ledger.copyState(claim)).toBe('forgotten');
      expect(await it.ledger.copyState(begun)).toBe('under-way');
    });

    test('end after a quarter of an hour without a sign of life', async () => {
      const it = await open();
      const idle = await request(it, { forgetAtMs: it.now() + 3_600_000 });
      await it.ledger.openResponse(idle);
      await it.outlive(idle, COPY_IDLE_SECONDS);
      expect(await it.ledger.pay({ ...idle, sent: sent() })).toEqual({ outcome: 'over' });
      expect(await it.ledger.openResponse(idle)).toEqual({ outcome: 'already-used' });
      expect(await it.ledger.copyState(idle)).toBe('over');
    });

    test('that are kept alive end a day after their beginning', async () => {
      const it = await open();
      const claim = await request(it);
      await it.ledger.openResponse(claim);
      const alive = async () => await it.ledger.pay({ ...claim, bytes: 0, sent: sent() });
      await it.outlive(claim, MAX_COPY_SECONDS, alive);
      expect(await alive()).toEqual({ outcome: 'over' });
    });

    test('tell of their beginning, progress, each end, and of going on', async () => {
      const it = await open();
      const claim = await request(it);
      await eventsOf(it.ledger, claim.nonce);
      await it.ledger.openResponse(claim);
      await it.ledger.openResponse(claim);
      await it.reach(it.now() + 1100);
      await it.ledger.pay({ ...claim, sent: { firstByte: 7, bytes: 50 } });
      await it.ledger.settle({ ...claim, refundBytes: 0, sent: { firstByte: 7, bytes: 200 } });
      await it.ledger.settle({ ...claim, refundBytes: 0, sent: { firstByte: 9, bytes: 2 ** 40 } });
      await it.ledger.openResponse(claim);
      expect(await eventsOf(it.ledger, claim.nonce)).toEqual([
        { kind: 'started', firstByte: 0, bytes: 0, open: 1 },
        { kind: 'sending', firstByte: 7, bytes: 50, open: 2 },
        { kind: 'sent', firstByte: 7, bytes: 200, open: 1 },
        { kind: 'sent', firstByte: 9, bytes: 2 ** 40, open: 0 },
        { kind: 'resumed', firstByte: 0, bytes: 0, open: 1 },
      ]);
    });
  });
}
