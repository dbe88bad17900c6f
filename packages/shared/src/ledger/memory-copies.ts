// The byte counts of resumable copies in a process's memory: what `lua/copy.lua` and its callers do in Redis.
// Synchronous throughout, so that each decision is one step of the event loop.
import { COPY_IDLE_SECONDS, MAX_COPY_SECONDS } from '../claim/limits.js';

const IDLE_MS = COPY_IDLE_SECONDS * 1000;
const TELL_EVERY_MS = 1000;

export interface Copy {
  /** Bytes paid for and not given back. */
  spent: number;
  /** Responses that are being sent. */
  open: number;
  /** Whether a response has brought the whole file. */
  whole: boolean;
  /** When it ends at the latest, Unix ms. */
  overAtMs: number;
  /** When it ends if nothing more happens, Unix ms. */
  idleUntilMs: number;
  /** When progress was last told, Unix ms. */
  toldAtMs: number;
}

export interface MemoryCopies {
  find(nonce: string, clockMs: number): Copy | undefined;
  begin(nonce: string, clockMs: number): Copy;
  /** Takes up to `wanted` bytes off what is left of the budget; returns how many. */
  pay(copy: Copy, budgetBytes: number, wanted: number): number;
  /** Lets it live for another while. */
  keep(copy: Copy, clockMs: number): void;
  /** Whether progress is to be told again; then it counts as told. */
  isToTell(copy: Copy, clockMs: number): boolean;
  sweep(clockMs: number): void;
}

export function createMemoryCopies(): MemoryCopies {
  const copies = new Map<string, Copy>();
  const keep = (copy: Copy, clockMs: number) => {
    copy.idleUntilMs = Math.min(clockMs + IDLE_MS, copy.overAtMs);
  };
  return {
    find(nonce, clockMs) {
      const copy = copies.get(nonce);
      return copy && copy.idleUntilMs > clockMs ? copy : undefined;
    },
    begin(nonce, clockMs) {
      const overAtMs = clockMs + MAX_COPY_SECONDS * 1000;
      const copy = { spent: 0, open: 1, whole: false, overAtMs, idleUntilMs: 0, toldAtMs: clockMs };
      keep(copy, clockMs);
      copies.set(nonce, copy);
      return copy;
    },
    pay(copy, budgetBytes, wanted) {
      const paid = Math.max(0, Math.min(wanted, budgetBytes - copy.spent));
      copy.spent += paid;
      return paid;
    },
    keep,
    isToTell(copy, clockMs) {
      if (clockMs - copy.toldAtMs < TELL_EVERY_MS) return false;
      copy.toldAtMs = clockMs;
      return true;
    },
    sweep(clockMs) {
      for (const [nonce, copy] of copies) if (copy.idleUntilMs <= clockMs) copies.delete(nonce);
    },
  };
}
