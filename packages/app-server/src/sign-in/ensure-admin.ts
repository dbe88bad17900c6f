// The first start: somebody must be able to sign in. While no administrator with a password exists,
// every start makes the one that the configuration names, or else an account without credentials
// whose one-time link the caller shows to the operator.
import { sql, type Transaction } from 'kysely';
import { awaitLedger } from '../await-ledger.js';
import type { IdentityContext } from '../context.js';
import { isDuplicate } from '../database/database-unavailable-error.js';
import { newId } from '../database/new-id.js';
import type { Account, Schema } from '../database/schema.js';
import { mintSignInLink } from './sign-in-link.js';

/** Any number, the same in every app server: held while the first administrator is made. */
const FIRST_ADMIN_LOCK = 7_205_130;

/** Returns the link for the first administrator, or undefined when none is needed. */
export async function ensureAdmin(context: IdentityContext): Promise<string | undefined> {
  const { config, db, ledger, passwords, log, now } = context;
  const { firstAdmin } = config;
  const passwordHash = firstAdmin && (await passwords.hash(firstAdmin.password));

  const incomplete = await db.transaction().execute(makeAdmin).catch(explainTakenEmail);
  if (incomplete === undefined) return undefined;
  // A server that needs no link starts without its ledger and says 503; this one would be of no use.
  await awaitLedger(ledger);
  return await mintSignInLink(context, incomplete.id);

  async function makeAdmin(transaction: Transaction<Schema>): Promise<Account | undefined> {
    // App servers that start at the same time make one administrator, not one each.
    await sql`select pg_advisory_xact_lock(${sql.lit(FIRST_ADMIN_LOCK)})`.execute(transaction);
    const admins = await transaction
      .selectFrom('account')
      .selectAll()
      .where('role', '=', 'admin')
      .where('disabled_at', 'is', null)
      .execute();
    // Who comes in from elsewhere counts while there is an elsewhere: without it nobody could mend that.
    const isElsewhere = config.provider !== undefined;
    if (admins.some((admin) => isIn(admin, isElsewhere))) return undefined;
    // An invited administrator has an address, and a link of their own.
    const waiting = admins.find((admin) => admin.email === null);
    if (firstAdmin === undefined || passwordHash === undefined) {
      return waiting ?? (await insert(transaction, nobodyYet()));
    }
    const credentials = { email: firstAdmin.email, password_hash: passwordHash };
    if (waiting === undefined) {
      await insert(transaction, { ...nobodyYet(), ...credentials });
    } else {
      await transaction
        .updateTable('account')
        .set(credentials)
        .where('id', '=', waiting.id)
        .execute();
    }
    log.info('the first administrator was made from ADMIN_EMAIL and ADMIN_PASSWORD');
    return undefined;
  }

  function nobodyYet(): Account {
    return {
      id: newId(),
      email: null,
      password_hash: null,
      role: 'admin',
      disabled_at: null,
      created_at: new Date(now()),
      fetched_notices: true,
      theft_at: null,
      identity_count: 0,
    };
  }
}

function isIn(admin: Account, isElsewhere: boolean): boolean {
  return admin.password_hash !== null || (isElsewhere && admin.identity_count > 0);
}

async function insert(transaction: Transaction<Schema>, account: Account): Promise<Account> {
  return await transaction
    .insertInto('account')
    .values(account)
    .returningAll()
    .executeTakeFirstOrThrow();
}

function explainTakenEmail(error: unknown): never {
  if (!isDuplicate(error)) throw error;
  throw new Error(
    'ADMIN_EMAIL: this address has an account already, which is no enabled administrator; set another',
    { cause: error },
  );
}
