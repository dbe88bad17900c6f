// Recovery codes of before, hashed slowly too: what was kept is a keyed hash, and that is what argon2id is
// applied to, so nobody needs a new code. A part of `migrations.ts`; once released it is never edited.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hashRaw } from '@node-rs/argon2';
import type { Kysely, Migration } from 'kysely';

/** As `password-hasher.ts` had them when this was written; written out, so that this stays what it was. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SALT_BYTES = 32;
/** Each takes a core and 19 MiB for some tens of milliseconds. */
const AT_ONCE = Math.min(4, availableParallelism());

interface Before {
  recovery_code: {
    account_id: string;
    code_hash: string;
    salt: string | null;
    used_at: Date | null;
  };
}

export const slowRecoveryCodes: Migration = {
  async up(unknown: Kysely<unknown>): Promise<void> {
    await unknown.schema.alterTable('recovery_code').addColumn('salt', 'text').execute();
    const db = unknown as Kysely<Before>;
    // Those that were used count for nothing any more; the audit trail says when they were.
    await db.deleteFrom('recovery_code').where('used_at', 'is not', null).execute();
    const kept = await db.selectFrom('recovery_code').select(['account_id', 'code_hash']).execute();
    const salts = new Map(kept.map(({ account_id }) => [account_id, randomBytes(SALT_BYTES)]));
    for (let next = 0; next < kept.length; next += AT_ONCE) {
      const some = kept.slice(next, next + AT_ONCE);
      const derived = await Promise.all(
        some.map(async ({ account_id, code_hash: before }) => {
          const salt = salts.get(account_id) ?? randomBytes(SALT_BYTES);
          const hash = await hashRaw(before, { ...PARAMETERS, salt });
          return { account_id, before, salt: salt.toString('hex'), hash: hash.toString('hex') };
        }),
      );
      for (const { account_id, before, salt, hash } of derived) {
        await db
          .updateTable('recovery_code')
          .set({ salt, code_hash: hash })
          .where('account_id', '=', account_id)
          .where('code_hash', '=', before)
          .execute();
      }
    }
    await unknown.schema
      .alterTable('recovery_code')
      .alterColumn('salt', (column) => column.setNotNull())
      .execute();
  },
};
