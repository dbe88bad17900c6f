// The second factor: six digits that the sender passes on by another way. Stored as a keyed hash; five
// wrong ones stop all tries for a while that doubles, and always ends: nobody can kill a link by guessing.
import { randomInt, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import type { LinkRecord } from './link-tables.js';
import type { KeyedDigest } from './link-secret.js';

export const CODE_DIGITS = 6;

/** Wrong codes in a row before a wait. */
export const TRIES_A_ROUND = 5;
const FIRST_WAIT_MS = 15 * 60_000;

/** Ninety days then take about 485 tries: one chance in two thousand. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** Six random digits. */
export function newCode(): string {
  return randomInt(10 ** CODE_DIGITS)
    .toString()
    .padStart(CODE_DIGITS, '0');
}

export function hashOfCode(digest: KeyedDigest, linkId: string, code: string): string {
  return digest('code', linkId, code);
}

/** How long nothing is looked at after this many wrong codes, milliseconds. 0 within a round. */
export function waitAfter(tries: number): number {
  if (tries === 0 || tries % TRIES_A_ROUND !== 0) return 0;
  return Math.min(FIRST_WAIT_MS * 2 ** (tries / TRIES_A_ROUND - 1), LONGEST_WAIT_MS);
}

export interface CodeCheck {
  db: Kysely<Schema>;
  digest: KeyedDigest;
  nowMs: number;
}

/**
 * Lets the right code pass. Tries are counted under the row's lock, so that parallel ones are too.
 * @throws Refused `wrong-code`; `too-many-attempts` with the time to wait, also for the right code.
 */
export async function checkCode(
  { db, digest, nowMs }: CodeCheck,
  { id }: Pick<LinkRecord, 'id'>,
  typed: string | undefined,
): Promise<void> {
  const refusal = await db.transaction().execute(async (transaction) => {
    const link = await transaction
      .selectFrom('link')
      .select(['code_hash', 'code_tries', 'code_blocked_until'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (link.code_hash === null) return undefined;
    const waitMs = (link.code_blocked_until?.getTime() ?? 0) - nowMs;
    if (waitMs > 0) return tooMany(waitMs);
    const code = (typed ?? '').replace(/[\s-]/g, '');
    // Nothing typed is nothing tried.
    if (code === '') return new Refused('wrong-code', 'Type the six digits.');
    const right = isEqual(link.code_hash, hashOfCode(digest, id, code));
    if (right && link.code_tries === 0) return undefined;
    const tries = right ? 0 : link.code_tries + 1;
    const waitAfterMs = waitAfter(tries);
    await transaction
      .updateTable('link')
      .set({
        code_tries: tries,
        code_blocked_until: waitAfterMs === 0 ? null : new Date(nowMs + waitAfterMs),
      })
      .where('id', '=', id)
      .execute();
    if (right) return undefined;
    return waitAfterMs === 0 ? new Refused('wrong-code') : tooMany(waitAfterMs);
  });
  // Outside, so that what was counted is kept.
  if (refusal !== undefined) throw refusal;
}

function tooMany(waitMs: number): Refused {
  const minutes = Math.ceil(waitMs / 60_000);
  const wait = minutes > 90 ? `${Math.ceil(minutes / 60)} hours` : `${minutes} minutes`;
  return new Refused(
    'too-many-attempts',
    `Wrong codes were typed too often. Wait ${wait}, or ask the sender to send the link again: that gives it a new code.`,
    { retryAfterSeconds: Math.ceil(waitMs / 1000) },
  );
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
