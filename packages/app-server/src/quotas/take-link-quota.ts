// May an account make these links today? Each can be a mail to somebody who never asked for one, so new
// addresses of old links count too. Asked in the transaction that makes them, with the account held.
import type { Transaction } from 'kysely';
import type { AppConfig } from '../config.js';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { countLinks, DAY_MS, holdQuota, readQuota } from './quota.js';

export interface WantedLinks {
  accountId: string;
  /** How many links, or new addresses, the caller makes in this transaction. */
  links: number;
  nowMs: number;
}

/** @throws Refused `links-used-up`, with when the next one is free where few were wanted. */
export async function takeLinkQuota(
  { config, db }: { config: Pick<AppConfig, 'quota'>; db: Transaction<Schema> },
  { accountId, links, nowMs }: WantedLinks,
): Promise<void> {
  const { linksPerDay } = await readQuota({ config, db }, accountId);
  if (linksPerDay === null) return;
  await holdQuota(db, accountId);
  const since = new Date(nowMs - DAY_MS);
  const left = Math.max(0, linksPerDay - (await countLinks(db, accountId, since)));
  if (links <= left) return;
  const detail = `You may make ${linksPerDay} links within 24 hours; ${left} are left. None was made.`;
  // More than a day's at once will never be let through.
  if (links > linksPerDay) throw new Refused('links-used-up', detail);
  const retryAfterSeconds = await untilFree(db, { accountId, since, nowMs }, links - left);
  throw new Refused('links-used-up', detail, { retryAfterSeconds });
}

/** Seconds until so many of the links that count now no longer do. */
async function untilFree(
  db: Transaction<Schema>,
  { accountId, since, nowMs }: { accountId: string; since: Date; nowMs: number },
  wanted: number,
): Promise<number> {
  const last = await db
    .selectFrom('link_handle')
    .innerJoin('link', 'link.id', 'link_handle.link_id')
    .select('link_handle.created_at')
    .where('link.account_id', '=', accountId)
    .where('link_handle.created_at', '>', since)
    .orderBy('link_handle.created_at')
    .offset(wanted - 1)
    .limit(1)
    .executeTakeFirst();
  const freeAtMs = (last?.created_at.getTime() ?? nowMs) + DAY_MS;
  return Math.max(1, Math.ceil((freeAtMs - nowMs) / 1000));
}
