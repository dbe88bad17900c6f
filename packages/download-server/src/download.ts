// A download, step by step. The order is the guarantee: everything that can fail comes before
// the burn, nothing of the file leaves before it, and what the steps opened is closed once at the end.
import type { Ledger } from '@claimcheck/shared/ledger';
import {
  composeHead,
  logFields,
  placeHead,
  requestIdOf,
  type Exchange,
} from '@claimcheck/shared/http';
import type { Logger } from '@claimcheck/shared/log';
import { createBufferPool } from './buffer-pool.js';
import { burnNonce } from './burn-nonce.js';
import type { FilesRoot } from './files-root.js';
import type { Rates } from './limit-rate.js';
import type { Handover, Offload } from './offload.js';
import { openFile } from './open-file.js';
import { planResponse, type PlanInput, type PlannedResponse } from './plan-response.js';
import { Refused } from './problems.js';
import type { EventRecorder } from './record-event.js';
import { createFileSender, type Head, type Sent } from './send-file.js';
import type { Slots } from './slots.js';
import { takeToken } from './take-token.js';
import type { VerifyToken } from './verify-token.js';
import type { KeyWatch } from './watch-keys.js';
import type { ReaderWatch } from './watch-readers.js';

export interface DownloadDependencies {
  verifyToken: VerifyToken;
  root: FilesRoot;
  slots: Slots;
  rates: Rates;
  readers: Pick<ReaderWatch, 'watch'>;
  watchedKeys: Pick<KeyWatch, 'watch'>;
  ledger: Ledger;
  events: EventRecorder;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
  /** When a front server sends the bytes of what it can. */
  offload?: Offload | undefined;
}

/** The request that is answered; koa's context is one. */
export interface DownloadExchange extends Exchange {
  /** Set to false once the answer is no longer koa's to write. */
  respond?: boolean | undefined;
}

/** The handler of GET and HEAD on a claim's address. `token` is the path's, if it has one. */
export function createDownload(dependencies: DownloadDependencies) {
  const {
    verifyToken,
    root,
    slots,
    rates,
    readers,
    watchedKeys,
    ledger,
    events,
    log,
    now,
    offload,
  } = dependencies;
  const sender = createFileSender({ pace: root.pace, buffers: createBufferPool() });

  return async function download(ctx: DownloadExchange, tokenInPath?: string): Promise<void> {
    const nowMs = now();
    const { method = '', headers } = ctx.req;
    const token = takeToken(tokenInPath, headers.authorization);
    const verified = await verifyToken(token, nowMs);
    const { claim } = verified;
    logFields(ctx, { claim: claim.jti, account: claim.sub });
    const releaseSlot = slots.take(claim);
    const limit = rates.take(claim.jti);
    let handover: Handover | undefined;
    try {
      const file = await openFile(root, claim.fil);
      try {
        const plan = plannedOrRefused({ method, headers, claim, file, nowMs });
        if (plan.body === undefined) return answerWithoutFile(ctx, plan);
        handover = offload?.prepare({ headers, plan, claim });
        const ahead = await sender.readAhead(file.handle, plan.body);
        if (ctx.req.socket.destroyed) return leaveUnburned(ctx);
        const onOver = () => ctx.req.socket.destroy();
        const burning = { ledger, events, log, onOver, isHeld: offload?.isSending };
        const { status, body } = plan;
        const inFull = handover !== undefined;
        const response = await burnNonce(burning, verified, { status, body }, { inFull });
        ctx.respond = false;
        if (handover && response.paidInFull) {
          if (ctx.head) placeHead(ctx.res, ctx.head);
          handover.give(ctx.res, response);
          logFields(ctx, { outcome: 'handed-over', complete: undefined });
        } else {
          const options = { allow: response.allow, rate: limit.rate };
          const unwatch = watchedKeys.watch(verified.keyId, onOver);
          try {
            const head = headOf(ctx, plan);
            const sending = sender.sendFile(ctx.res, file.handle, head, ahead, options);
            const sent = await readers.watch(ctx, sending);
            response.close(sent);
            report(ctx, claim.jti, sent);
          } finally {
            unwatch();
          }
        }
      } finally {
        await file.handle.close();
      }
      await handover?.ended();
    } finally {
      limit.release();
      handover?.drop();
      releaseSlot();
    }
  };

  function report(ctx: DownloadExchange, claimId: string, { bytes, complete, error }: Sent): void {
    logFields(ctx, { outcome: complete ? 'finished' : 'broken-off', bytes });
    if (error === undefined) return;
    log.error({ requestId: requestIdOf(ctx), claim: claimId, bytes, err: error }, 'a stream broke');
  }
}

function plannedOrRefused(input: PlanInput): PlannedResponse {
  const plan = planResponse(input);
  if ('refusal' in plan) throw new Refused(plan.refusal, { headers: plan.headers });
  return plan;
}

/** With the headers that every answer carries, unless they are on the response already. */
function headOf(
  { head }: DownloadExchange,
  { status, headers }: Pick<PlannedResponse, 'status' | 'headers'>,
): Head {
  return { status, headers: head === undefined ? { ...headers } : composeHead(head, headers) };
}

/** HEAD and 304: the head alone, with the length that the body would have had. */
function answerWithoutFile(ctx: DownloadExchange, { status, headers }: PlannedResponse): void {
  logFields(ctx, { outcome: 'head-only' });
  ctx.respond = false;
  ctx.res.writeHead(status, headOf(ctx, { status, headers }).headers).end();
}

/** The client hung up before the burn: it keeps its claim. */
function leaveUnburned(ctx: DownloadExchange): void {
  logFields(ctx, { outcome: 'client-left' });
  ctx.respond = false;
}
