// What `lua/run-each.lua` takes and gives, as texts: a burn, a settlement or an event is packed into keys and one
// line, and its answer taken apart. Fewer and longer arguments, since the client of Redis and its server pay for each.
import type { BurnRequest, LedgerEvent, ResponseRequest, Settlement } from './ledger.js';
import { burnedExpireAt, parseNonce, type ShardKeys } from './redis-keys.js';

/** One of the things that a call runs. */
export interface PackedCall {
  keys: readonly string[];
  line: string;
}

export interface BurnReply {
  outcome: string;
  paidBytes: number;
  open: number;
}

/** A space would begin the next part of the line. */
const PART = /^[!-~]*$/;
/** Stands for an empty part; no fence and no nonce is spelt so. */
const EMPTY = '""';

/** @throws RangeError for text that could be taken for several parts; nothing of a verified claim can. */
function part(text: string): string {
  if (!PART.test(text)) throw new RangeError('a part of a call is visible ASCII without spaces');
  return text === '' ? EMPTY : text;
}

/** @throws RangeError also for what is no nonce. */
export function packBurn(
  keys: ShardKeys,
  request: BurnRequest,
  response?: Pick<ResponseRequest, 'budgetBytes' | 'bytes' | 'mayBegin' | 'leastBytes'>,
): PackedCall {
  const { nonce: text, fence, forgetAtMs, issuedAtMs, subjects } = request;
  const nonce = parseNonce(text);
  const touched = keys.burned(nonce, forgetAtMs);
  if (response !== undefined) touched.push(keys.copy(text));
  for (const subject of subjects) touched.push(keys.revoked(subject));
  const expireAt = burnedExpireAt(forgetAtMs);
  const burn = `burn ${subjects.length} ${part(fence)} ${forgetAtMs} ${issuedAtMs} ${part(text)} ${nonce.member} ${expireAt}`;
  if (response === undefined) return { keys: touched, line: burn };
  const { budgetBytes, bytes, mayBegin, leastBytes } = response;
  return {
    keys: touched,
    line: `${burn} ${budgetBytes} ${bytes} ${mayBegin ? 1 : 0} ${leastBytes}`,
  };
}

export function packSettlement(keys: ShardKeys, settlement: Settlement): PackedCall {
  const { nonce, fence, refundBytes, sent, whole = false } = settlement;
  const line = `settle ${part(fence)} ${part(nonce)} ${refundBytes} ${sent.firstByte} ${sent.bytes} ${whole ? 1 : 0}`;
  return { keys: [keys.copy(nonce)], line };
}

export function packEvent({
  kind,
  claimId,
  bytes,
}: Pick<LedgerEvent, 'kind' | 'claimId' | 'bytes'>): PackedCall {
  return { keys: [], line: `event ${kind} ${part(claimId)} ${bytes}` };
}

export function readBurnReply(text: string): BurnReply {
  const [outcome = '', paidBytes, open] = text.split(':');
  return { outcome, paidBytes: Number(paidBytes), open: Number(open) };
}

/** @throws Error with the server's words when it could not be done. */
export function requireDone(text: string): void {
  if (text !== 'done') throw new Error(text.slice(1));
}
