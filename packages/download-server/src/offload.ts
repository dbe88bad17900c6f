// Step 6, when it is the front server that sends the bytes: it is told which file, and its log says how many of
// them the client took. Whatever is not known for certain counts as sent. Nothing is read or judged here.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { DownloadClaim } from '@claimcheck/shared/claim';
import type { Logger } from '@claimcheck/shared/log';
import type { OpenResponse } from './burn-nonce.js';
import { createLineExpectations, type Expectation } from './offload-lines.js';
import { openFrontLog, type FrontLogLine } from './offload-log.js';
import { canOffload, offloadHeader } from './offload-plan.js';
import type { OffloadSettings } from './offload-settings.js';
import type { PlannedResponse } from './plan-response.js';
import type { Sent } from './send-file.js';

/** Set by the front server, which says so that it knows our header; nginx's holds its id of the request. */
const FRONT_HEADER = 'x-claimcheck-request';
const NGINX_REQUEST_ID = /^[0-9a-f]{32}$/;
/** Which process of nginx is asking. */
const PROCESS_HEADER = 'x-claimcheck-front';
/** How many of them are remembered; the oldest goes first, and is heard again with its next line. */
const MOST_PROCESSES = 1000;
/** nginx logs it and does not pass it on. */
const RESPONSE_HEADER = 'X-Claimcheck-Response';

export interface Offload {
  /**
   * Begins to listen for what becomes of this request at the front server, if that can answer it as planned; else
   * undefined, and it is to be sent from here. To be called before the burn, during which a client may leave.
   */
  prepare(request: OffloadRequest): Handover | undefined;
  /** Whether bytes of the claim are paid for that the front server may yet give back. */
  isSending: (claimId: string) => boolean;
  /** The UDP port that nginx is to log to, if there is one. */
  readonly logPort: number | undefined;
  /** Waits no longer for any of them. */
  giveUp(): void;
  /** Waits for the responses that are being sent, then closes. */
  stop(): Promise<void>;
}

export interface OffloadRequest {
  headers: IncomingHttpHeaders;
  plan: PlannedResponse;
  claim: DownloadClaim;
}

export interface Handover {
  /** Tells the front server to send it. Once, and only when all of it is paid for. */
  give(response: ServerResponse, permission: Pick<OpenResponse, 'close' | 'lose'>): void;
  /** Resolves when it is known what became of it, or that is given up; at once if it was not given. */
  ended(): Promise<void>;
  /** Listens no more, unless it has been given. */
  drop(): void;
}

export interface OffloadDependencies {
  settings: OffloadSettings;
  host: string;
  log: Logger;
  /** How long to wait for the log line of a body of so many bytes, in milliseconds. */
  patienceMs?: ((bytes: number) => number) | undefined;
}

/**
 * Ten minutes, and as long as a client takes at 32 KiB/s, at most a day, after which no copy lives. Meanwhile the
 * copy is kept alive, a slot is held, and a stop waits.
 */
function defaultPatienceMs(bytes: number): number {
  return Math.min(10 * 60_000 + (bytes / 32_768) * 1000, 24 * 60 * 60_000);
}

/** @throws Error that names OFFLOAD_LOG_PORT when that port cannot be had. */
export async function startOffload(dependencies: OffloadDependencies): Promise<Offload> {
  const { settings, host, log, patienceMs = defaultPatienceMs } = dependencies;
  const lines = createLineExpectations();
  const sending = new Map<string, number>();
  const underway = new Set<Promise<void>>();
  const awaited = new Set<Expectation>();
  const heard = new Set<string>();
  const frontLog =
    settings.mode === 'x-accel'
      ? await openFrontLog({ host, port: settings.logPort }, (line) => {
          hear(line.front);
          lines.arrive(line);
        })
      : undefined;

  /**
   * Nothing is left to a process of nginx before a line of it has come: it might log elsewhere, and its first line
   * after a restart of ours is lost for certain, to the error that our closed port had sent it before.
   */
  function hear(front: string): void {
    if (heard.has(front)) return;
    heard.add(front);
    const [oldest] = heard;
    if (heard.size > MOST_PROCESSES && oldest !== undefined) heard.delete(oldest);
    log.info({ front }, 'the front server logs to us, and will send files');
  }

  /** For a front server that says nothing of what it has sent. */
  function untold({ plan, claim }: OffloadRequest): Handover {
    return {
      give: (response) => answer(response, plan, offloadHeader(settings, claim.fil.key, plan)),
      ended: () => Promise.resolve(),
      drop: () => {},
    };
  }

  function told({ plan, claim }: OffloadRequest, expected: Expectation): Handover {
    let given = false;
    let ended = Promise.resolve();
    return {
      give(response, permission) {
        given = true;
        count(claim.jti, 1);
        expected.waitAtMost(patienceMs(plan.body?.length ?? 0));
        awaited.add(expected);
        ended = follow(claim.jti, plan, expected, permission);
        underway.add(ended);
        void ended.finally(() => {
          underway.delete(ended);
          awaited.delete(expected);
        });
        answer(response, plan, {
          ...offloadHeader(settings, claim.fil.key, plan),
          [RESPONSE_HEADER]: expected.responseId,
        });
      },
      ended: () => ended,
      drop: () => {
        if (!given) expected.giveUp();
      },
    };
  }

  async function follow(
    claimId: string,
    plan: PlannedResponse,
    expected: Expectation,
    permission: Pick<OpenResponse, 'close' | 'lose'>,
  ): Promise<void> {
    const line = await expected.line;
    count(claimId, -1);
    if (line === undefined) {
      log.warn({ claim: claimId }, 'the front server has not said what became of a response');
      return permission.lose();
    }
    const sent = sentBy(line, expected.responseId, plan);
    const { bytes, complete } = sent;
    log.info(
      { claim: claimId, status: line.status, bytes, complete },
      'the front server has sent a response',
    );
    permission.close(sent);
  }

  function count(claimId: string, change: 1 | -1): void {
    const now = (sending.get(claimId) ?? 0) + change;
    if (now === 0) sending.delete(claimId);
    else sending.set(claimId, now);
  }

  return {
    prepare(request) {
      const front = request.headers[FRONT_HEADER]?.toString() ?? '';
      if (front === '' || !canOffload(settings, request)) return undefined;
      if (!frontLog) return untold(request);
      if (!heard.has(request.headers[PROCESS_HEADER]?.toString() ?? '')) return undefined;
      const expected = NGINX_REQUEST_ID.test(front) ? lines.expect(front) : undefined;
      return expected && told(request, expected);
    },
    isSending: (claimId) => sending.has(claimId),
    logPort: frontLog?.port,
    giveUp() {
      for (const expected of awaited) expected.giveUp();
    },
    async stop() {
      await Promise.all(underway);
      await frontLog?.close();
    },
  };
}

/**
 * The head that was planned, with the length that the body will have, and an end instead of the body. Should
 * anybody else than such a front server get it, he sees a response that broke off, never an empty file.
 */
function answer(
  response: ServerResponse,
  plan: PlannedResponse,
  headers: Readonly<Record<string, string>>,
): void {
  response.on('error', () => {});
  response.writeHead(plan.status, { ...plan.headers, ...headers, Connection: 'close' });
  response.flushHeaders();
  response.req.socket.end();
}

/** What a line says was sent. Without our id nginx did not take our answer; another status is its own page. */
function sentBy(line: FrontLogLine, responseId: string, plan: PlannedResponse): Sent {
  const isOurs = line.responseId === responseId && (line.status === 200 || line.status === 206);
  const bytes = isOurs ? line.bytes : 0;
  return { bytes, complete: line.complete && bytes === plan.body?.length };
}
