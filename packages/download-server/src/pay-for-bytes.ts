// What the bytes of a resumable claim's response cost. They are paid for in the ledger in portions, ahead of
// being sent, so that all responses of a claim, on all servers, stay within one budget; what was paid for and
// not sent is given back at the end.
import { sliceOf, type DownloadClaim } from '@claimcheck/shared/claim';
import {
  responseRequestOf,
  type Ledger,
  type PaymentAnswer,
  type ResponseGrant,
} from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import type { ByteRange } from './parse-range.js';
import type { EventRecorder } from './record-event.js';
import type { OpenResponse } from './burn-nonce.js';
import type { VerifiedToken } from './verify-token.js';

/**
 * How often an open response speaks to the ledger at least: soon enough to hear of a revocation, to be
 * followed by the sender, and for a slow reader's copy not to run out.
 */
const HEARTBEAT_MS = 10_000;

export interface PayDependencies {
  ledger: Pick<Ledger, 'pay'>;
  events: Pick<EventRecorder, 'settle'>;
  log: Logger;
  /** Called once when the response must end at once: the claim was revoked, or its copy is over. */
  onOver: () => void;
}

/** Bytes to ask for when the response is opened: no more than it has. */
export function firstPortionOf(claim: DownloadClaim, range: ByteRange): number {
  return Math.min(range.length, sliceOf(claim.fil.size));
}

/**
 * Pays for a response that the ledger has opened with `grant`. Never more than one slice is paid for and
 * not sent, which is what the crash of this process costs.
 *
 * When the ledger goes away meanwhile, a response goes on unpaid if it was the only one of its claim when the
 * ledger last answered. No two of one claim can have been told that, so at most one ever does.
 */
export function payForBytes(
  { ledger, events, log, onOver }: PayDependencies,
  { claim, keyId }: Pick<VerifiedToken, 'claim' | 'keyId'>,
  range: ByteRange,
  grant: Extract<ResponseGrant, { paidBytes: number }>,
): OpenResponse {
  const request = responseRequestOf(claim, { keyId, mayBegin: false });
  const halfSlice = Math.ceil(sliceOf(claim.fil.size) / 2);
  let { paidBytes: paid, alone } = grant;
  let allowed = 0;
  let state: 'paying' | 'unpaid' | 'spent' | 'over' = 'paying';
  let asking: Promise<boolean> | undefined;
  let askedAtMs = performance.now();
  let failures = 0;

  /** Resolves to whether the ledger answered for the life that the claim belongs to. */
  function ask(bytes: number): Promise<boolean> {
    askedAtMs = performance.now();
    const sent = { firstByte: range.firstByte, bytes: allowed };
    asking = ledger
      .pay({ ...request, bytes, sent })
      .then(learn, noteFailure)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  function learn(answer: PaymentAnswer): boolean {
    if (answer.outcome === 'superseded') return noteFailure('the ledger has begun a new life');
    if (answer.outcome === 'paid') {
      paid += answer.paidBytes;
      alone = answer.alone;
      return true;
    }
    state = answer.outcome === 'spent' ? 'spent' : 'over';
    log.info({ claim: claim.jti, reason: answer.outcome }, 'a response may send no more');
    if (state === 'over') onOver();
    return true;
  }

  function noteFailure(error: unknown): false {
    failures += 1;
    if (failures === 1)
      log.warn({ claim: claim.jti, err: error, alone }, 'bytes could not be paid for');
    return false;
  }

  /** Half a slice ahead, so that the reader does not wait for the ledger. */
  function payAhead(): void {
    const missing = range.length - paid;
    if (state !== 'paying' || asking || missing <= 0 || paid - allowed > halfSlice) return;
    void ask(Math.min(halfSlice, missing));
  }

  const isWaiting = () => paid === allowed && state === 'paying';

  async function waitForMore(wanted: number): Promise<number> {
    while (isWaiting()) {
      const answered = await (asking ?? ask(Math.min(halfSlice, range.length - paid)));
      if (!answered && paid === allowed) state = alone ? 'unpaid' : 'over';
    }
    return take(wanted);
  }

  function take(wanted: number): number {
    const most = { paying: paid - allowed, spent: paid - allowed, unpaid: wanted, over: 0 }[state];
    const taken = Math.min(wanted, most);
    allowed += taken;
    payAhead();
    return taken;
  }

  const heartbeat = setInterval(() => {
    if (asking || state !== 'paying' || performance.now() - askedAtMs < HEARTBEAT_MS / 2) return;
    void ask(0);
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    paidInFull: grant.paidBytes >= range.length,
    allow: (wanted) =>
      wanted === 0 || paid > allowed || state !== 'paying' ? take(wanted) : waitForMore(wanted),
    close({ bytes, complete }) {
      clearInterval(heartbeat);
      // All of it handed over and not taken: the end is missing, however little.
      const told = !complete && bytes === range.length && bytes > 0 ? bytes - 1 : bytes;
      events.settle(claim.jti, async () => {
        await asking;
        const sent = { firstByte: range.firstByte, bytes: told };
        const whole = complete && bytes === claim.fil.size;
        return { nonce: claim.jti, fence: claim.fen, refundBytes: paid - bytes, sent, whole };
      });
    },
    lose() {
      clearInterval(heartbeat);
      events.settle(claim.jti, async () => {
        await asking;
        const sent = { firstByte: range.firstByte, bytes: 0 };
        return { nonce: claim.jti, fence: claim.fen, refundBytes: 0, sent };
      });
    },
  };
}
