// The names of the ledger's keys, and where a nonce goes: which shard decides about it, and which set
// keeps it. Part of the layout that `LAYOUT` in `lua/fence.lua` numbers: two servers that disagreed here
// could burn one nonce twice, so a change here needs a new number there.
import type { RevocationSubject } from '../claim/revocation-subjects.js';

/** Sets of a minute on each level. Eight times as many as on the level below: see `lua/burn.lua`. */
const LEVEL_SETS = [8, 64, 512, 4096] as const;

const MINUTE_MS = 60_000;
const NONCE_BYTES = 16;

/**
 * Hash tags whose slots lie in the middle of sixteenths of a Cluster's 16384, so that masters with equal
 * ranges own equally many shards.
 */
export const CLUSTER_TAGS = '18 3 1a j 19 2 1d k 6n 1 1c h 6o 0 1b i'.split(' ');

export interface ShardKeys {
  epoch: string;
  events: string;
  /** Written by nobody for longer than a script runs. */
  scratch: string;
  revoked: (subject: RevocationSubject) => string;
  /** The record of a resumable claim's copy. */
  copy: (nonce: string) => string;
  /** The sets that may keep this nonce, lowest level first. */
  burned: (nonce: Nonce, forgetAtMs: number) => string[];
}

/** A nonce taken apart. The parts use different bits, so that one says nothing about another. */
export interface Nonce {
  /** 64 bits as a decimal number, the form that a set of integers keeps in eight bytes. */
  member: string;
  /** Chooses the set. */
  set: number;
  /** Chooses the shard. */
  shard: number;
}

/** @throws RangeError when it is not 16 bytes in base64url; a verified claim's always is. */
export function parseNonce(text: string): Nonce {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== NONCE_BYTES) throw new RangeError('a nonce has 16 bytes');
  return {
    member: bytes.readBigInt64LE(0).toString(),
    set: bytes.readUInt32LE(8),
    shard: bytes.readUInt8(12),
  };
}

/** When the sets that keep a burn expire, Unix seconds: the end of the minute of `forgetAtMs`. */
export function burnedExpireAt(forgetAtMs: number): number {
  return Math.ceil(forgetAtMs / MINUTE_MS) * 60;
}

/** @param tag hash tag of a Cluster's shard; undefined where one server holds everything. */
export function shardKeys(prefix: string, tag: string | undefined): ShardKeys {
  const base = tag === undefined ? prefix : `${prefix}{${tag}}:`;
  return {
    epoch: `${base}epoch`,
    events: `${base}events`,
    scratch: `${base}scratch`,
    revoked: (subject) => `${base}revoked:${subject}`,
    copy: (nonce) => `${base}copy:${nonce}`,
    burned: ({ set }, forgetAtMs) => {
      const minute = (burnedExpireAt(forgetAtMs) / 60).toString(36);
      return LEVEL_SETS.map(
        (sets, level) => `${base}burned:${minute}:${level}:${(set % sets).toString(36)}`,
      );
    },
  };
}
