// Recovery codes of before, hashed slowly too: what was kept is a keyed hash, and that is what argon2id is
// applied to, so nobody needs a new code. A part of `migrations.ts`; once released it is never edited.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hashRaw } from '@node-rs/argon2';
import { sql, type Kysely, type Migration } from 'kysely';

/** As `password-hasher.ts` had them when this was written; written out, so that this stays what it was. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SALT_BYTES = 32;
/** Each takes a core and 19 MiB for some tens of milliseconds. */
const AT_ONCE = Math.min(4, availableParallelism());
/** Rows written by one statement. */
const BATCH = 1000;

/** A code that counts; those that were used count for nothing, and the audit trail says when they were. */
interface Kept {
  account_id: string;
  code_hash: string;
}

export const slowRecoveryCodes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const derive = deriveOnce();
    // First without a lock on the table: servers of before go on signing people in while this is computed.
    await derive(await readUnused(db));
    await db.schema.alterTable('recovery_code').addColumn('salt', 'text').execute();
    await sql`delete from recovery_code where used_at is not null`.execute(db);
    // Now with it, and so with the codes that were made meanwhile.
    const rows = await derive(await readUnused(db));
    for (let next = 0; next < rows.length; next += BATCH) {
      const some = JSON.stringify(rows.slice(next, next + BATCH));
      await sql`
        update recovery_code set salt = derived.salt, code_hash = derived.hash
          from jsonb_to_recordset(${some}::jsonb)
            as derived (account_id text, before text, salt text, hash text)
          where recovery_code.account_id = derived.account_id
            and recovery_code.code_hash = derived.before`.execute(db);
    }
    await db.schema
      .alterTable('recovery_code')
      .alterColumn('salt', (column) => column.setNotNull())
      .execute();
  },
};

async function readUnused(db: Kysely<unknown>): Promise<Kept[]> {
  const unused = sql<Kept>`select account_id, code_hash from recovery_code where used_at is null`;
  return (await unused.execute(db)).rows;
}

/** Derives each code once, however often it is asked for; an account has one salt. */
function deriveOnce() {
  const salts = new Map<string, Buffer>();
  const known = new Map<
    string,
    { account_id: string; before: string; salt: string; hash: string }
  >();

  async function deriveOne({ account_id, code_hash: before }: Kept) {
    const key = `${account_id}:${before}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const salt = salts.get(account_id) ?? randomBytes(SALT_BYTES);
    salts.set(account_id, salt);
    const hash = (await hashRaw(before, { ...PARAMETERS, salt })).toString('hex');
    const derived = { account_id, before, salt: salt.toString('hex'), hash };
    known.set(key, derived);
    return derived;
  }

  return async function derive(rows: readonly Kept[]) {
    const derived = [];
    for (let next = 0; next < rows.length; next += AT_ONCE) {
      derived.push(...(await Promise.all(rows.slice(next, next + AT_ONCE).map(deriveOne))));
    }
    return derived;
  };
}
