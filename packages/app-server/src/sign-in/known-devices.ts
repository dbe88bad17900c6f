// Which browsers an account has signed in on before. All it buys is a bucket of attempts of its own
// (`sign-in-limits.ts`); it is no credential and proves nobody's identity.
import type { Kysely } from 'kysely';
import type { Account, Schema } from '../database/schema.js';
import { hashOfId, newSessionId } from '../sessions/session-store.js';

/** An account keeps its newest devices; on an older one it shares the common bucket again. */
const MAX_DEVICES = 50;

/** The hash of the device cookie when the account with this address is known on it. */
export async function findKnownDevice(
  db: Kysely<Schema>,
  email: string,
  deviceId: string | undefined,
): Promise<string | undefined> {
  if (deviceId === undefined) return undefined;
  const known = await db
    .selectFrom('known_device')
    .innerJoin('account', 'account.id', 'known_device.account_id')
    .select('known_device.device_hash')
    .where('known_device.device_hash', '=', hashOfId(deviceId))
    .where('account.email', '=', email)
    .executeTakeFirst();
  return known?.device_hash;
}

/**
 * Notes that the account has signed in on this browser, and returns the id for its cookie. An id that
 * is not ours is not taken over: somebody else may have chosen it.
 */
export async function rememberDevice(
  db: Kysely<Schema>,
  account: Account,
  presentedId: string | undefined,
  nowMs: number,
): Promise<string> {
  const isOurs = presentedId !== undefined && (await isIssued(db, presentedId));
  const id = isOurs ? presentedId : newSessionId();
  const row = {
    account_id: account.id,
    device_hash: hashOfId(id),
    created_at: new Date(nowMs),
  };
  await db
    .insertInto('known_device')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'device_hash']).doUpdateSet({ created_at: row.created_at }),
    )
    .execute();
  await db
    .deleteFrom('known_device')
    .where('account_id', '=', account.id)
    .where('device_hash', 'in', (older) =>
      older
        .selectFrom('known_device')
        .select('device_hash')
        .where('account_id', '=', account.id)
        .orderBy('created_at', 'desc')
        .orderBy('device_hash')
        // PostgreSQL wants no LIMIT with an OFFSET alone.
        .offset(MAX_DEVICES),
    )
    .execute();
  return id;
}

async function isIssued(db: Kysely<Schema>, id: string): Promise<boolean> {
  const known = await db
    .selectFrom('known_device')
    .select('device_hash')
    .where('device_hash', '=', hashOfId(id))
    .limit(1)
    .executeTakeFirst();
  return known !== undefined;
}
