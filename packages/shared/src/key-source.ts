// The public keys, fetched from the app server and kept. Claims are verified with what is here: the app
// server may be away for as long as it likes once a first set has come. A request waits for a fetch only
// when its claim names a key that is not here, and forged names cannot cause more than one a second.
import { readPublishedKeys, type KeyId, type KeyRing, type StaticKeyRing } from './claim/index.js';
import type { Logger } from './log.js';
import { Agent, request } from 'undici';

/** Age at which the keys are fetched anew, in the background, in seconds. */
export const DEFAULT_MAX_AGE_SECONDS = 60;
/**
 * A set that was asked for this lately, for a key that was not here, holds every key that a claim can be signed with: each new one is published
 * by all app servers for five seconds at least before it signs. So a key id that it lacks is nobody's, and forged
 * ones cause no more than one fetch in this time.
 */
const COMPLETE_FOR_MS = 1000;
/** Longest that a request waits for a fetch, and that a fetch takes. */
const TIMEOUT_MS = 2000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;
/** A hundred keys and five hundred retired ones, the most that a document holds, take some 50 KB. */
const MAX_DOCUMENT_BYTES = 64 * 1024;

/** No set of keys has come yet, or none that could hold the key of this claim: nothing can be said of it. */
export class KeysUnavailableError extends Error {
  override name = 'KeysUnavailableError';
}

export interface KeySource extends KeyRing {
  /** Whether a first set has come. Until then `find` throws `KeysUnavailableError`. */
  readonly ready: boolean;
  /** Since the set that is here was fetched; undefined until a first set has come. */
  readonly ageSeconds: number | undefined;
  /** Keys that claims are accepted of; 0 until a first set has come. */
  readonly heldCount: number;
  /** Keys that any set has ever called retired in an emergency, for as long as this process lives. */
  readonly retiredCount: number;
  /** Whether a set has ever called this key retired in an emergency. Such a key is not found any more. */
  isRetired(id: KeyId): boolean;
  /** Stops fetching and closes its connections. */
  close(): Promise<void>;
}

export interface KeySourceOptions {
  url: string;
  log: Logger;
  /** Age at which the keys are fetched anew; 60 unless told. */
  maxAgeSeconds?: number | undefined;
  /** Unix milliseconds. */
  now?: () => number;
  /** The setting that the address comes from, for the log. */
  setting?: string;
}

/** Starts fetching at once, and again until a first set has come. */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { url, log, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = options;
  const { now = Date.now, setting = 'KEYS_URL' } = options;
  const maxAgeMs = maxAgeSeconds * 1000;
  const agent = new Agent({
    connections: 1,
    connect: { timeout: TIMEOUT_MS },
    maxResponseSize: MAX_DOCUMENT_BYTES,
  });
  const closing = new AbortController();
  let ring: StaticKeyRing | undefined;
  /** Kept for as long as this process lives: an older document does not bring a key back. */
  const retired = new Set<KeyId>();
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
      for (const id of fetched.retired) {
        if (retired.has(id)) continue;
        retired.add(id);
        log.warn({ key: id }, 'this key was retired in an emergency: its claims are refused');
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
    if (failures === 0) return maxAgeMs;
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    return pause * (0.75 + Math.random() / 2);
  }

  async function findAfterFetch(id: KeyId) {
    const isComplete = elapsed(unknownAskedAtMs) < COMPLETE_FOR_MS;
    if (loading === undefined && !isComplete) unknownAskedAtMs = now();
    if (loading !== undefined || !isComplete) await atMost(TIMEOUT_MS, refresh());
    const found = retired.has(id) ? undefined : ring?.find(id);
    if (found !== undefined) return found;
    if (loading === undefined && failures === 0) return undefined;
    throw new KeysUnavailableError('the key is not here, and the keys cannot be read anew');
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
    get heldCount() {
      return ring === undefined ? 0 : ring.ids.filter((id) => !retired.has(id)).length;
    },
    get retiredCount() {
      return retired.size;
    },
    find(id) {
      if (ring === undefined) throw new KeysUnavailableError('no public keys have come yet');
      if (retired.has(id)) return undefined;
      // The timer does this too, but it stands still while the machine sleeps.
      if (failures === 0 && elapsed(triedAtMs) > maxAgeMs) void refresh();
      return ring.find(id) ?? findAfterFetch(id);
    },
    isRetired: (id) => retired.has(id),
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
    // A cache in between may not answer for the app server: it would keep a new key from being found.
    headers: { accept: 'application/json', 'cache-control': 'no-cache' },
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
