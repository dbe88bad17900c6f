// The ledger of one process that holds both services. It forgets at every start, and may: its fence
// is random per process, so no older claim can be burned here.
import { randomBytes } from 'node:crypto';
import type {
  BurnOutcome,
  BurnRequest,
  EventFeed,
  Ledger,
  LedgerEvent,
  Revocation,
} from './ledger.js';

const MAX_EVENTS = 100_000;
const TRIM = 10_000;
const BATCH = 500;
const SWEEP_EVERY_MS = 10_000;

/** A ledger in this process's memory. `now` gives Unix milliseconds. */
export function createMemoryLedger({ now = Date.now }: { now?: () => number } = {}): Ledger {
  const fence = randomBytes(6).toString('hex');
  const burned = new Map<string, number>();
  const revoked = new Map<string, { issuedUntilMs: number; forgetAtMs: number }>();
  const log: LedgerEvent[] = [];
  const pending = new Map<string, LedgerEvent[]>();
  let lastEvent = 0;
  let sweptAtMs = now();

  function append(kind: LedgerEvent['kind'], claimId: string, bytes: number): void {
    lastEvent += 1;
    log.push({ id: String(lastEvent), kind, claimId, bytes, atMs: now() });
    // Many at once: taking the first off a long array moves all the others.
    if (log.length > MAX_EVENTS + TRIM) log.splice(0, TRIM);
  }

  function sweep(clockMs: number): void {
    if (clockMs - sweptAtMs < SWEEP_EVERY_MS) return;
    sweptAtMs = clockMs;
    for (const [nonce, forgetAtMs] of burned) if (forgetAtMs <= clockMs) burned.delete(nonce);
    for (const [subject, mark] of revoked) if (mark.forgetAtMs <= clockMs) revoked.delete(subject);
  }

  /** The same order of checks as `lua/burn.lua`. Not async inside: one step of the event loop. */
  function burnNow(request: BurnRequest): BurnOutcome {
    const clockMs = now();
    sweep(clockMs);
    if (request.fence !== fence) return 'superseded';
    if ((burned.get(request.nonce) ?? 0) > clockMs) return 'already-used';
    if (clockMs >= request.forgetAtMs) return 'expired';
    for (const subject of request.subjects) {
      const mark = revoked.get(subject);
      if (mark && mark.forgetAtMs > clockMs && request.issuedAtMs <= mark.issuedUntilMs)
        return 'revoked';
    }
    burned.set(request.nonce, request.forgetAtMs);
    append('started', request.nonce, 0);
    return 'burned';
  }

  function revokeNow({ subject, issuedUntilMs, forgetAtMs }: Revocation): void {
    const mark = revoked.get(subject);
    revoked.set(subject, {
      issuedUntilMs: Math.max(issuedUntilMs, mark?.issuedUntilMs ?? 0),
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
    revoke: async (revocation) => revokeNow(revocation),
    record: async ({ kind, claimId, bytes }) => append(kind, claimId, bytes),
    events,
    check: async () => {},
    close: async () => {},
  };
}
