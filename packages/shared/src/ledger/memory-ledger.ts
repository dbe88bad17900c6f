// The ledger of one process that holds both services. It forgets at every start, and may: its fence
// is random per process, so no older claim can be burned here.
import { randomBytes } from 'node:crypto';
import type {
  BurnOutcome,
  BurnRequest,
  CopyState,
  EventFeed,
  Ledger,
  LedgerEvent,
  Payment,
  PaymentAnswer,
  ResponseGrant,
  ResponseRequest,
  Revocation,
  SentBytes,
  Settlement,
} from './ledger.js';
import { createMemoryCopies, type Copy } from './memory-copies.js';

const MAX_EVENTS = 100_000;
const TRIM = 10_000;
const BATCH = 500;
const SWEEP_EVERY_MS = 10_000;
const NOTHING: SentBytes = { firstByte: 0, bytes: 0 };

/** A ledger in this process's memory. `now` gives Unix milliseconds. */
export function createMemoryLedger({ now = Date.now }: { now?: () => number } = {}): Ledger {
  const fence = randomBytes(6).toString('base64url');
  const burned = new Map<string, number>();
  const copies = createMemoryCopies();
  const revoked = new Map<
    string,
    { unburnedUntilMs: number; allUntilMs: number; forgetAtMs: number }
  >();
  const log: LedgerEvent[] = [];
  const pending = new Map<string, LedgerEvent[]>();
  let lastEvent = 0;
  let sweptAtMs = now();

  function append(
    kind: LedgerEvent['kind'],
    claimId: string,
    { firstByte, bytes }: SentBytes,
    open: number,
  ): void {
    lastEvent += 1;
    log.push({ id: String(lastEvent), kind, claimId, bytes, firstByte, open, atMs: now() });
    // Many at once: taking the first off a long array moves all the others.
    if (log.length > MAX_EVENTS + TRIM) log.splice(0, TRIM);
  }

  function sweep(clockMs: number): void {
    if (clockMs - sweptAtMs < SWEEP_EVERY_MS) return;
    sweptAtMs = clockMs;
    for (const [nonce, forgetAtMs] of burned) if (forgetAtMs <= clockMs) burned.delete(nonce);
    for (const [subject, mark] of revoked) if (mark.forgetAtMs <= clockMs) revoked.delete(subject);
    copies.sweep(clockMs);
  }

  function isRevoked(
    { subjects, issuedAtMs }: Pick<BurnRequest, 'subjects' | 'issuedAtMs'>,
    copy: Copy | undefined,
    clockMs: number,
  ): boolean {
    return subjects.some((subject) => {
      const mark = revoked.get(subject);
      if (mark === undefined || mark.forgetAtMs <= clockMs) return false;
      return issuedAtMs <= (copy ? mark.allUntilMs : mark.unburnedUntilMs);
    });
  }

  /** The same order of checks as `lua/burn.lua`. Not async inside: one step of the event loop. */
  function burnNow(request: BurnRequest, mayBegin = true): BurnOutcome {
    const clockMs = now();
    sweep(clockMs);
    if (request.fence !== fence) return 'superseded';
    if ((burned.get(request.nonce) ?? 0) > clockMs) return 'already-used';
    if (clockMs >= request.forgetAtMs) return 'expired';
    if (isRevoked(request, undefined, clockMs)) return 'revoked';
    if (!mayBegin) return 'expired';
    burned.set(request.nonce, request.forgetAtMs);
    append('started', request.nonce, NOTHING, 1);
    return 'burned';
  }

  function openNow(request: ResponseRequest): ResponseGrant {
    const clockMs = now();
    const { nonce, budgetBytes } = request;
    const copy = request.fence === fence ? copies.find(nonce, clockMs) : undefined;
    if (copy === undefined) {
      const outcome = burnNow(request, request.mayBegin);
      if (outcome !== 'burned') return { outcome };
      const paidBytes = copies.pay(copies.begin(nonce, clockMs), budgetBytes, request.bytes);
      return { outcome, paidBytes, alone: true };
    }
    if (isRevoked(request, copy, clockMs)) return { outcome: 'revoked' };
    const least = copy.whole ? Math.max(1, request.leastBytes) : 1;
    if (copy.spent + least > budgetBytes) return { outcome: 'already-used' };
    const paidBytes = copies.pay(copy, budgetBytes, request.bytes);
    copy.open += 1;
    copies.keep(copy, clockMs);
    if (copy.open === 1) append('resumed', nonce, NOTHING, copy.open);
    return { outcome: 'resumed', paidBytes, alone: copy.open === 1 };
  }

  function payNow(payment: Payment): PaymentAnswer {
    const clockMs = now();
    if (payment.fence !== fence) return { outcome: 'superseded' };
    const copy = copies.find(payment.nonce, clockMs);
    if (copy === undefined) return { outcome: 'over' };
    if (isRevoked(payment, copy, clockMs)) return { outcome: 'revoked' };
    const paidBytes = copies.pay(copy, payment.budgetBytes, payment.bytes);
    if (copies.isToTell(copy, clockMs)) append('sending', payment.nonce, payment.sent, copy.open);
    copies.keep(copy, clockMs);
    if (paidBytes === 0 && payment.bytes > 0) return { outcome: 'spent' };
    return { outcome: 'paid', paidBytes, alone: copy.open === 1 };
  }

  function settleNow({
    nonce,
    refundBytes,
    sent,
    whole = false,
    fence: claimed,
  }: Settlement): void {
    const clockMs = now();
    const copy = claimed === fence ? copies.find(nonce, clockMs) : undefined;
    if (copy) {
      copy.spent = Math.max(0, copy.spent - refundBytes);
      copy.open = Math.max(0, copy.open - 1);
      copy.whole ||= whole;
      copies.keep(copy, clockMs);
    }
    append('sent', nonce, sent, copy?.open ?? 0);
  }

  function copyStateNow(claim: Pick<BurnRequest, 'nonce' | 'fence' | 'forgetAtMs'>): CopyState {
    const clockMs = now();
    if (claim.fence !== fence) return 'superseded';
    if (copies.find(claim.nonce, clockMs)) return 'under-way';
    if (clockMs >= claim.forgetAtMs) return 'forgotten';
    return (burned.get(claim.nonce) ?? 0) > clockMs ? 'over' : 'unburned';
  }

  function revokeNow({ subject, issuedUntilMs, onlyUnburned, forgetAtMs }: Revocation): void {
    const mark = revoked.get(subject);
    revoked.set(subject, {
      unburnedUntilMs: Math.max(issuedUntilMs, mark?.unburnedUntilMs ?? 0),
      allUntilMs: Math.max(onlyUnburned ? 0 : issuedUntilMs, mark?.allUntilMs ?? 0),
      forgetAtMs: Math.max(forgetAtMs, mark?.forgetAtMs ?? 0),
    });
  }

  function events(reader: string): EventFeed {
    return {
      next: async () => {
        const unacknowledged = pending.get(reader) ?? [];
        if (unacknowledged.length > 0) return [...unacknowledged];
        const batch = log.splice(0, BATCH);
        pending.set(reader, batch);
        return [...batch];
      },
      acknowledge: async (ids) => {
        const done = new Set(ids);
        pending.set(
          reader,
          (pending.get(reader) ?? []).filter(({ id }) => !done.has(id)),
        );
      },
    };
  }

  return {
    fence: async () => fence,
    burn: async (request) => burnNow(request),
    openResponse: async (request) => openNow(request),
    pay: async (payment) => payNow(payment),
    settle: async (settlement) => settleNow(settlement),
    copyState: async (claim) => copyStateNow(claim),
    revoke: async (revocation) => revokeNow(revocation),
    isRevoked: async (subject) => (revoked.get(subject)?.forgetAtMs ?? 0) > now(),
    record: async ({ kind, claimId, bytes }) => append(kind, claimId, { firstByte: 0, bytes }, 0),
    events,
    check: async () => {},
    close: async () => {},
  };
}
