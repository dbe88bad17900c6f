// How often a sign-in may be tried: by address, and by account. A browser that has signed in before
// (it has a device cookie) has a bucket of its own instead, so that somebody hammering an account from
// elsewhere cannot keep its owner out (OWASP: "Slow Down Online Guessing Attacks with Device Cookies").
import { createHash } from 'node:crypto';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { RedisConnection } from '@claimcheck/shared/ledger';
import { Refused } from '../http/problems.js';
import { SessionsUnavailableError } from '../sessions/session-store.js';
import { addressBlock } from './address-block.js';

/** Attempts a window. Every block ends by itself with the window that began with the first attempt. */
export interface SignInAllowances {
  perAddress: number;
  perAccount: number;
  perDevice: number;
  /** Mails with a link that one address may ask for. */
  linkRequests: number;
  /** Times that browsers at one address may be sent to another server to sign in. */
  attemptsElsewhere: number;
  /** Codes of an authenticator app that may be tried for an account from unknown browsers, a day. */
  secondFactorPerDay: number;
  /** Passkeys that one address may ask for; an open sign-in page asks for one. */
  passkeyRequests: number;
  /** API keys that are none, which one address may present. */
  wrongKeys: number;
  windowSeconds: number;
}

/** An office behind one address may mistype; a guesser gets 960 tries a day at one account. */
export const DEFAULT_ALLOWANCES: SignInAllowances = {
  perAddress: 60,
  perAccount: 10,
  perDevice: 10,
  linkRequests: 20,
  attemptsElsewhere: 120,
  secondFactorPerDay: 50,
  passkeyRequests: 600,
  wrongKeys: 60,
  windowSeconds: 15 * 60,
};

export interface Attempt {
  address: string;
  /** As typed, normalised; it need not exist. */
  email: string;
  /** Hash of a device cookie that this account is known on. */
  knownDevice: string | undefined;
}

/** An attempt that was let in and counted. */
export interface Admitted {
  /** The password was right: uncounts the attempt. */
  succeed(): Promise<void>;
}

/**
 * Attempts are counted before the password is looked at, so that parallel ones cannot slip through.
 * Each method rejects with Refused `too-many-attempts`, or SessionsUnavailableError when Redis is away.
 */
export interface SignInLimits {
  admit(attempt: Attempt): Promise<Admitted>;
  admitPasswordChange(accountId: string): Promise<Admitted>;
  /**
   * By address alone: how many mails an account gets is bounded where they are queued, without telling
   * the asker, and without keeping its owner from the links that are in the mailbox already.
   */
  admitLinkRequest(address: string): Promise<Admitted>;
  /** By address: each writes a row, whoever asks. */
  admitAttempt(address: string): Promise<Admitted>;
  /**
   * A code after the first factor. Whoever tries them out knows the password or reads the mail; a browser
   * that has been in before has a bucket of its own. At 50 tries a day, with three codes that count at a
   * time, an even chance takes twelve years.
   */
  admitSecondFactor(attempt: {
    accountId: string;
    knownDevice: string | undefined;
  }): Promise<Admitted>;
  /**
   * A recovery code after the first factor: each costs a slow hash. By address, and a browser that has been in
   * before by itself, never by account: who tries elsewhere must not keep its owner from these.
   */
  admitRecoveryCode(attempt: {
    address: string;
    accountId: string;
    knownDevice: string | undefined;
  }): Promise<Admitted>;
  /** By session: who has one open cannot be kept from proving who they are by anybody without it. */
  admitProof(sessionReference: string): Promise<Admitted>;
  admitPasskeyRequest(address: string): Promise<Admitted>;
  /** Told of a wrong key after it was looked at: nobody guesses one, but asking must cost the asker too. */
  admitWrongKey(address: string): Promise<Admitted>;
}

export interface SignInLimitOptions {
  /** Shared by all app servers; without it each process counts for itself. */
  redis: RedisConnection | undefined;
  prefix: string;
  allowances?: Partial<SignInAllowances> | undefined;
}

export function createSignInLimits(options: SignInLimitOptions): SignInLimits {
  const { redis, prefix } = options;
  const allowed = { ...DEFAULT_ALLOWANCES, ...options.allowances };
  const bucket = (
    name: string,
    points: number,
    duration = allowed.windowSeconds,
  ): RateLimiterAbstract => {
    const common = { keyPrefix: `${prefix}${name}`, points, duration };
    return redis === undefined
      ? new RateLimiterMemory(common)
      : new RateLimiterRedis({ ...common, storeClient: redis });
  };
  const byAddress = bucket('attempts-by-address', allowed.perAddress);
  const byAccount = bucket('attempts-by-account', allowed.perAccount);
  const byDevice = bucket('attempts-by-device', allowed.perDevice);
  const byPasswordChange = bucket('attempts-by-password-change', allowed.perAccount);

  const byLinkRequest = bucket('attempts-by-link-request', allowed.linkRequests);
  const byAttempt = bucket('attempts-elsewhere', allowed.attemptsElsewhere);

  const byFactor = bucket('attempts-by-second-factor', allowed.perAccount);
  const byFactorDaily = bucket('attempts-by-second-factor-day', allowed.secondFactorPerDay, 86_400);
  const byRecoveryCode = bucket('attempts-by-recovery-code', allowed.perAddress);
  const byRecoveryCodeHere = bucket('attempts-by-recovery-code-device', allowed.perDevice);
  const byProof = bucket('attempts-by-proof', allowed.perAccount);
  const byPasskeyRequest = bucket('attempts-by-passkey-request', allowed.passkeyRequests);
  const byWrongKey = bucket('attempts-by-wrong-key', allowed.wrongKeys);

  return {
    admit: async ({ address, email, knownDevice }) => {
      if (knownDevice !== undefined)
        return await take([[byDevice, `${knownDevice}:${digest(email)}`]]);
      return await take([
        [byAddress, addressBlock(address)],
        // Neither the address nor whether it has an account is to be read from Redis.
        [byAccount, digest(email)],
      ]);
    },
    admitPasswordChange: (accountId) => take([[byPasswordChange, accountId]]),
    admitLinkRequest: (address) => take([[byLinkRequest, addressBlock(address)]]),
    admitAttempt: (address) => take([[byAttempt, addressBlock(address)]]),
    admitSecondFactor: ({ accountId, knownDevice }) =>
      knownDevice === undefined
        ? take([
            [byFactor, accountId],
            [byFactorDaily, accountId],
          ])
        : take([[byFactor, `${knownDevice}:${accountId}`]]),
    admitRecoveryCode: ({ address, accountId, knownDevice }) =>
      take([
        knownDevice === undefined
          ? [byRecoveryCode, addressBlock(address)]
          : [byRecoveryCodeHere, `${knownDevice}:${accountId}`],
      ]),
    admitProof: (reference) => take([[byProof, reference]]),
    admitPasskeyRequest: (address) => take([[byPasskeyRequest, addressBlock(address)]]),
    admitWrongKey: (address) => take([[byWrongKey, addressBlock(address)]]),
  };
}

type Bucket = [limiter: RateLimiterAbstract, key: string];

async function take(buckets: readonly Bucket[]): Promise<Admitted> {
  for (const [limiter, key] of buckets) await answered(() => limiter.consume(key));
  return {
    succeed: async () => {
      await Promise.all(buckets.map(([limiter, key]) => answered(() => limiter.reward(key))));
    },
  };
}

async function answered(question: () => Promise<unknown>): Promise<void> {
  try {
    await question();
  } catch (error) {
    if (error instanceof RateLimiterRes) {
      const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
      throw new Refused(
        'too-many-attempts',
        `Wait ${describeSeconds(retryAfterSeconds)} before you try again.`,
        { retryAfterSeconds },
      );
    }
    throw new SessionsUnavailableError('Redis did not answer about attempts', { cause: error });
  }
}

function describeSeconds(seconds: number): string {
  if (seconds < 100) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
