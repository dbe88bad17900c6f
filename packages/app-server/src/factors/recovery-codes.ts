// Recovery codes: ten texts to keep on paper, each good once in place of a second factor. Stored as argon2id of a
// keyed hash (OWASP ASVS 5.0, 6.5.2): the key is not in the database, and with the key too a code of 80 bits
// stays costly to try. Deriving takes a while, so it is done before a transaction, never within one.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Schema } from '../database/schema.js';

export const RECOVERY_CODES = 10;
const CODE_BYTES = 10;
/** One salt for all codes that an account has, so that an attempt costs one derivation and not ten. */
const SALT_BYTES = 32;
/** RFC 4648 section 6, in lower case: no digit that looks like a letter. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CODE_CHARACTERS = 16;
const CODE = /^[a-z2-7]{16}$/;

type Deriving = Pick<IdentityContext, 'linkDigest' | 'passwords'>;

/** New codes, known to the caller alone and not yet kept. */
export interface DrawnCodes {
  /** To be shown once, four letters a group. */
  codes: string[];
  /** Hex. */
  salt: string;
  /** Hex, as they are stored. */
  hashes: string[];
}

/**
 * Draws codes for an account; nothing is changed yet. Costs ten derivations one after the other, so that one
 * request holds one place in the queue of hashes.
 * @throws Refused `busy`.
 */
export async function drawRecoveryCodes(
  deriving: Deriving,
  accountId: string,
): Promise<DrawnCodes> {
  const codes = Array.from({ length: RECOVERY_CODES }, newCode);
  const salt = randomBytes(SALT_BYTES);
  const hashes: string[] = [];
  for (const code of codes) {
    hashes.push((await derive(deriving, { accountId, code, salt })).toString('hex'));
  }
  return { codes, salt: salt.toString('hex'), hashes };
}

/** Gives the account these codes; those of before no longer count. */
export async function keepRecoveryCodes(
  transaction: Transaction<Schema>,
  accountId: string,
  { salt, hashes }: DrawnCodes,
  nowMs: number,
): Promise<void> {
  const created_at = new Date(nowMs);
  await transaction.deleteFrom('recovery_code').where('account_id', '=', accountId).execute();
  await transaction
    .insertInto('recovery_code')
    .values(hashes.map((code_hash) => ({ account_id: accountId, salt, code_hash, created_at })))
    .execute();
}

/**
 * What a text is as a code of this account: one derivation, whether it is right or not. Undefined, at no cost,
 * when the account has none left. To be called where attempts have been counted already.
 * @param code in the form of one.
 * @throws Refused `busy`.
 */
export async function deriveRecoveryCode(
  { db, ...deriving }: Deriving & { db: Kysely<Schema> },
  accountId: string,
  code: string,
): Promise<Buffer | undefined> {
  const kept = await db
    .selectFrom('recovery_code')
    .select('salt')
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (kept === undefined) return undefined;
  return await derive(deriving, { accountId, code, salt: Buffer.from(kept.salt, 'hex') });
}

/** Uses a code up; false when it is none of the account's, or was used. Of several at once, one gets true. */
export async function useRecoveryCode(
  transaction: Transaction<Schema>,
  { accountId, derived, nowMs }: { accountId: string; derived: Buffer | undefined; nowMs: number },
): Promise<boolean> {
  if (derived === undefined) return false;
  const unused = await transaction
    .selectFrom('recovery_code')
    .select('code_hash')
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .execute();
  // All are looked at, each in the same time.
  const equal = unused.filter(({ code_hash }) => isEqual(Buffer.from(code_hash, 'hex'), derived));
  const [match] = equal;
  if (match === undefined) return false;
  const { numUpdatedRows } = await transaction
    .updateTable('recovery_code')
    .set({ used_at: new Date(nowMs) })
    .where('account_id', '=', accountId)
    .where('code_hash', '=', match.code_hash)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whether a text has the form of one, however it is grouped; no account need have it. */
export function isRecoveryCode(text: string): boolean {
  return CODE.test(plainOf(text));
}

function newCode(): string {
  let bits = 0n;
  for (const byte of randomBytes(CODE_BYTES)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let left = CODE_CHARACTERS; left > 0; left -= 1) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text.replace(/.{4}(?=.)/g, '$&-');
}

/** People leave out the hyphens, or type spaces and capitals. */
function plainOf(text: string): string {
  return text.toLowerCase().replace(/[\s-]/g, '');
}

/** Of the keyed hash and not of the code: rows of before had that hash, and were derived without their codes. */
async function derive(
  { linkDigest, passwords }: Deriving,
  { accountId, code, salt }: { accountId: string; code: string; salt: Uint8Array },
): Promise<Buffer> {
  return await passwords.derive(linkDigest('recovery-code', accountId, plainOf(code)), salt);
}

function isEqual(kept: Buffer, derived: Buffer): boolean {
  return kept.length === derived.length && timingSafeEqual(kept, derived);
}
