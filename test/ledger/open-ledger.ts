// Opening ledgers for tests: each under a prefix of its own unless told otherwise, awaited until it
// answers, and closed together after the test.
import {
  connectRedis,
  createRedisLedger,
  parseRedisUrl,
  type BurnRequest,
  type Ledger,
  type LedgerService,
  type RedisConnection,
} from '@claimcheck/shared/ledger';
import { newNonce } from '@claimcheck/shared/mint';
import { waitFor } from '../support/wait-for.js';

export interface OpenedLedger {
  ledger: Ledger;
  redis: RedisConnection;
  prefix: string;
}

const opened: OpenedLedger[] = [];

/** Without waiting for an answer. */
export function makeLedger(
  url: string,
  options: { prefix?: string; service?: LedgerService } = {},
): OpenedLedger {
  const prefix = options.prefix ?? `test:${newNonce()}:`;
  const redis = connectRedis(url);
  const ledger = createRedisLedger({ redis, ...options, prefix, fence: parseRedisUrl(url).fence });
  const one = { ledger, redis, prefix };
  opened.push(one);
  return one;
}

export async function openLedger(
  url: string,
  options: { prefix?: string; service?: LedgerService } = {},
): Promise<OpenedLedger> {
  const one = makeLedger(url, options);
  await answers(one.ledger);
  return one;
}

export async function closeLedgers(): Promise<void> {
  for (const { ledger, redis } of opened.splice(0)) {
    await ledger.close();
    redis.disconnect();
  }
}

export async function answers(ledger: Ledger, withinMs = 20_000): Promise<void> {
  let reason: unknown;
  const check = () =>
    ledger.check().then(
      () => true,
      (error: unknown) => {
        reason = error;
        return false;
      },
    );
  await waitFor('the ledger answers', check, withinMs).catch((error: unknown) => {
    throw new Error('the ledger does not answer', { cause: reason ?? error });
  });
}

/** A claim minted now, as far as the ledger sees it. */
export async function burnRequest(
  ledger: Ledger,
  changes: Partial<BurnRequest> = {},
): Promise<BurnRequest> {
  const nonce = changes.nonce ?? newNonce();
  return {
    nonce,
    fence: await ledger.fence(nonce),
    issuedAtMs: Date.now(),
    forgetAtMs: Date.now() + 60_000,
    subjects: [],
    ...changes,
  };
}
