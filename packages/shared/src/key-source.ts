// The public keys, fetched from the app server and kept. Claims are verified with what is here: the app
// server may be away for as long as it likes once a first set has come. A request waits for a fetch only
// when its claim names a key that is not here, and forged names cannot cause more than one in 10 s.
import { readPublishedKeys, type KeyRing, type StaticKeyRing } from './claim/index.js';
import type { Logger } from './log.js';
import { Agent, request } from 'undici';

/** Age at which the keys are fetched anew, in the background. */
const MAX_AGE_MS = 60_000;
/** Least time between two fetches for unknown key ids. */
const UNKNOWN_EVERY_MS = 10_000;
/** Longest that a request waits for a fetch, and that a fetch takes. */
const TIMEOUT_MS = 2000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;
/** A hundred keys, the most that a document holds, take some 13 KB. */
const MAX_DOCUMENT_BYTES = 64 * 1024;

/** No set of keys has come yet, so nothing can be said of any claim. */
export class KeysUnavailableError extends Error {
  override name = 'KeysUnavailableError';
}

export interface KeySource extends KeyRing {
  /** Whether a first set has come. Until then `find` throws `KeysUnavailableError`. */
  readonly ready: boolean;
  /** Since the set that is here was fetched; undefined until a first set has come. */
  readonly ageSeconds: number | undefined;
  /** Stops fetching and closes its connections. */
  close(): Promise<void>;
}

export interface KeySourceOptions {
  url: string;
  log: Logger;
  /** Unix milliseconds. */
  now?: () => number;
  /** The setting that the address comes from, for the log. */
  setting?: string;
}

/** Starts fetching at once, and again until a first set has come. */
export function createKeySource({
  url,
  log,
  now = Date.now,
  setting = 'KEYS_URL',
}: KeySourceOptions): KeySource {
  const agent = new Agent({
    connections: 1,
    connect: { timeout: TIMEOUT_MS },
    maxResponseSize: MAX_DOCUMENT_BYTES,
  });
  const closing = new AbortController();
  let ring: StaticKeyRing | undefined;
  let triedAtMs = 0;
  let readAtMs = 0;
  let failures = 0;
  let unknownAskedAtMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** One fetch at a time, shared by all who want one. Never rejects. */
  function refresh(): Promise<void> {
    loading ??= load().finally(() => (loading = undefined));
    return loading;
  }

  async function load(): Promise<void> {
    clearTimeout(timer);
    triedAtMs = now();
    try {
      const fetched = await fetchKeys(url, agent, closing.signal);
      if (failures > 0 || fetched.ids.join() !== ring?.ids.join()) {
        log.info({ keys: fetched.ids }, 'public keys read');
      }
      ring = fetched;
      readAtMs = now();
      failures = 0;
    } catch (error) {
      if (closing.signal.aborted) return;
      failures += 1;
      if (failures === 1) log.warn({ err: error, url }, explainFailure(ring, setting));
    }
    if (!closing.signal.aborted) timer = setTimeout(() => void refresh(), pauseMs()).unref();
  }

  /** Until the next fetch: longer with each failure in a row, and never in step with other servers. */
  function pauseMs(): number {
    if (failures === 0) return MAX_AGE_MS;
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    return pause * (0.75 + Math.random() / 2);
  }

  async function findAfterFetch(id: Parameters<KeyRing['find']>[0]) {
    if (loading === undefined) {
      if (elapsed(unknownAskedAtMs) < UNKNOWN_EVERY_MS) return undefined;
      unknownAskedAtMs = now();
    }
    await atMost(TIMEOUT_MS, refresh());
    return ring?.find(id);
  }

  /** A clock that was stepped back counts as time gone by. */
  function elapsed(sinceMs: number): number {
    return Math.abs(now() - sinceMs);
  }

  void refresh();
  return {
    get ready() {
      return ring !== undefined;
    },
    get ageSeconds() {
      return ring === undefined ? undefined : elapsed(readAtMs) / 1000;
    },
    find(id) {
      if (ring === undefined) throw new KeysUnavailableError('no public keys have come yet');
      // The timer does this too, but it stands still while the machine sleeps.
      if (failures === 0 && elapsed(triedAtMs) > MAX_AGE_MS) void refresh();
      return ring.find(id) ?? findAfterFetch(id);
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await loading;
      await agent.destroy();
    },
  };
}

async function fetchKeys(
  url: string,
  dispatcher: Agent,
  closing: AbortSignal,
): Promise<StaticKeyRing> {
  const { statusCode, body } = await request(url, {
    dispatcher,
    signal: AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: { accept: 'application/json' },
  });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`the app server answered ${statusCode} instead of its keys`);
  }
  return await readPublishedKeys(await body.json());
}

function explainFailure(ring: StaticKeyRing | undefined, setting: string): string {
  return ring === undefined
    ? `the public keys cannot be read (${setting}); no claim can be accepted until they are; trying on`
    : `the public keys cannot be read anew (${setting}); going on with those of before; trying on`;
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, timeUp]);
  clearTimeout(timer);
}
