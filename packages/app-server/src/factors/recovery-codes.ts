// Recovery codes: ten texts to keep on paper, each good once in place of a second factor. Stored as a keyed
// hash and no slow one: 80 random bits cannot be tried through, and the key is not in the database either.
import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import type { KeyedDigest } from '../links/link-secret.js';

export const RECOVERY_CODES = 10;
const CODE_BYTES = 10;
/** RFC 4648 section 6, in lower case: no digit that looks like a letter. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const CODE_CHARACTERS = 16;
const CODE = /^[a-z2-7]{16}$/;

/**
 * Gives the account new codes; those of before no longer count. They are known to the caller alone, to be
 * shown once, four letters a group.
 */
export async function makeRecoveryCodes(
  transaction: Transaction<Schema>,
  keyed: KeyedDigest,
  accountId: string,
  nowMs: number,
): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, newCode);
  await transaction.deleteFrom('recovery_code').where('account_id', '=', accountId).execute();
  await transaction
    .insertInto('recovery_code')
    .values(
      codes.map((code) => ({
        account_id: accountId,
        code_hash: hashOf(keyed, accountId, code),
        created_at: new Date(nowMs),
      })),
    )
    .execute();
  return codes;
}

/** Uses a code up; false when it is none of the account's, or was used. Of several at once, one gets true. */
export async function useRecoveryCode(
  transaction: Transaction<Schema>,
  keyed: KeyedDigest,
  { accountId, code, nowMs }: { accountId: string; code: string; nowMs: number },
): Promise<boolean> {
  if (!isRecoveryCode(code)) return false;
  const { numUpdatedRows } = await transaction
    .updateTable('recovery_code')
    .set({ used_at: new Date(nowMs) })
    .where('account_id', '=', accountId)
    .where('code_hash', '=', hashOf(keyed, accountId, code))
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

function hashOf(keyed: KeyedDigest, accountId: string, code: string): string {
  return keyed('recovery-code', accountId, plainOf(code));
}
