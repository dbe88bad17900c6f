// May an account store this file? Asked before the first byte, so that nobody sends for nothing; while it
// streams; and for good in the transaction that writes its row, with the account held.
import type { Kysely, Transaction } from 'kysely';
import { formatSize } from '#browser/format-size.js';
import type { AppConfig } from '../config.js';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { holdQuota, readQuota, readStored } from './quota.js';

interface Deps {
  config: Pick<AppConfig, 'quota'>;
  db: Kysely<Schema> | Transaction<Schema>;
}

/**
 * How many bytes one more file of this account may have; null when its quota does not limit them.
 * @param sizeBytes of the file, as far as it is known; 0 when it is not.
 * @throws Refused `quota-exceeded`.
 */
export async function checkFileQuota(
  { config, db }: Deps,
  accountId: string,
  sizeBytes: number,
): Promise<number | null> {
  const quota = await readQuota({ config, db }, accountId);
  if (quota.bytes === null && quota.files === null) return null;
  const stored = await readStored(db, accountId);
  if (quota.files !== null && stored.files >= quota.files) throw noFileLeft(quota.files);
  if (quota.bytes === null) return null;
  const left = Math.max(0, quota.bytes - stored.bytes);
  if (sizeBytes > left) throw noRoomLeft(left);
  return left;
}

/**
 * The same, for good: the caller writes the file's row in this transaction, and uploads at once wait.
 * @throws Refused `quota-exceeded`.
 */
export async function takeFileQuota(
  { config, db }: { config: Pick<AppConfig, 'quota'>; db: Transaction<Schema> },
  accountId: string,
  sizeBytes: number,
): Promise<void> {
  const { bytes, files } = await readQuota({ config, db }, accountId);
  if (bytes === null && files === null) return;
  await holdQuota(db, accountId);
  await checkFileQuota({ config, db }, accountId, sizeBytes);
}

const MAKE_ROOM = 'Nothing of it was kept. Delete files, or ask an administrator for more.';

function noFileLeft(most: number): Refused {
  const files = most === 1 ? 'one file' : `${most} files`;
  return new Refused('quota-exceeded', `You may store ${files}; none is left. ${MAKE_ROOM}`);
}

/** @param leftBytes what there was before this file. */
export function noRoomLeft(leftBytes: number): Refused {
  const left = leftBytes === 0 ? 'Nothing' : formatSize(leftBytes);
  return new Refused(
    'quota-exceeded',
    `${left} is left of your storage (${leftBytes} bytes). ${MAKE_ROOM}`,
  );
}
