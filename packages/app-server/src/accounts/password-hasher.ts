// Hashing passwords, and what else is to be costly to try, with argon2id. Each hash costs a core and 19 MiB for
// some tens of milliseconds, so few run at a time, whatever they are for, and the queue is bounded: a flood of
// sign-ins gets 503, not the whole machine.
import { hash, hashRaw, verify } from '@node-rs/argon2';
import { Refused } from '../http/problems.js';
import { normalisePassword } from './password-rules.js';

/**
 * OWASP Password Storage Cheat Sheet: argon2id with m = 19 MiB, t = 2, p = 1. What `derive` gave is kept without
 * them (recovery codes): other ones would need a column that says which.
 */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const QUEUE_PER_SLOT = 32;

export interface PasswordHasher {
  /** The hash in PHC string format. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password has this hash. Without a hash (no such account, or none chosen yet) it
   * takes as long and says no.
   */
  verify(hashed: string | null | undefined, password: string): Promise<boolean>;
  /** 32 bytes of argon2id (RFC 9106), by the same parameters, of a text under a salt that is kept elsewhere. */
  derive(text: string, salt: Uint8Array): Promise<Buffer>;
}

/**
 * @param concurrency hashes computed at a time.
 * All methods reject with Refused `busy` when too many wait.
 */
export async function createPasswordHasher(concurrency: number): Promise<PasswordHasher> {
  const nobody = await hash('nobody has this password', PARAMETERS);
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= concurrency * QUEUE_PER_SLOT) throw new Refused('busy');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    hash: (password) => inTurn(() => hash(normalisePassword(password), PARAMETERS)),
    verify: async (hashed, password) => {
      const matches = await inTurn(() => verify(hashed ?? nobody, normalisePassword(password)));
      return matches && hashed !== null && hashed !== undefined;
    },
    derive: (text, salt) => inTurn(() => hashRaw(text, { ...PARAMETERS, salt })),
  };
}
