// An account's API keys: making, listing, revoking. The key is given out once, when it is made; what is stored
// is its hash. Revoking one kills the claims minted by it, in the ledger and before anything else.
import { subjectOf } from '@claimcheck/shared/claim';
import type { Kysely } from 'kysely';
import { recordAudit } from '../audit/record-audit.js';
import { markClaimsRevoked } from '../claims/revoke-claims.js';
import type { AppContext } from '../context.js';
import { newId } from '../database/new-id.js';
import type { Account, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { queueMail } from '../mail/queue-mail.js';
import { revokeAround } from '../revoke-around.js';
import type { NewKey } from './input.js';
import { keyMadeMail } from './key-made-mail.js';
import { writeScopes } from './key-scopes.js';
import type { ApiKey } from './key-tables.js';
import { hashOfKey, newKeyText } from './key-text.js';

/** Keys of one account that are not revoked; expired ones count, since they are in the list. */
const MAX_KEYS = 50;
/** How long a revoked key still answers that it was revoked, and not that there is none. */
const REMEMBERED_MS = 90 * 24 * 60 * 60_000;

/** Who is asking, and from where. */
export interface Asker {
  account: Account;
  address: string;
}

/** The `ses` of claims that a key mints: never that of a session, whose references are shorter. */
export function keyReference(id: string): string {
  return `key_${id}`;
}

/** @throws Refused `conflict` when the account has fifty keys, or was disabled meanwhile. */
export async function addApiKey(
  { config, db, now }: Pick<AppContext, 'config' | 'db' | 'now'>,
  { account, address }: Asker,
  { name, scopes, expiresInSeconds }: NewKey,
): Promise<{ key: string; row: ApiKey }> {
  const key = newKeyText();
  const nowMs = now();
  const row = await db.transaction().execute(async (transaction) => {
    // Held, so that two requests at once do not make one too many.
    const owner = await transaction
      .selectFrom('account')
      .select(['email', 'disabled_at'])
      .where('id', '=', account.id)
      .forUpdate()
      .executeTakeFirst();
    if (owner === undefined || owner.disabled_at !== null) throw new Refused('not-signed-in');
    await transaction
      .deleteFrom('api_key')
      .where('account_id', '=', account.id)
      .where('revoked_at', '<', new Date(nowMs - REMEMBERED_MS))
      .execute();
    const { count } = await transaction
      .selectFrom('api_key')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('account_id', '=', account.id)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (count >= MAX_KEYS) {
      throw new Refused('conflict', `An account has at most ${MAX_KEYS} API keys. Revoke one.`);
    }
    const made = await transaction
      .insertInto('api_key')
      .values({
        id: newId(),
        account_id: account.id,
        name,
        key_hash: hashOfKey(key),
        scopes: writeScopes(scopes),
        created_at: new Date(nowMs),
        expires_at:
          expiresInSeconds === undefined ? null : new Date(nowMs + expiresInSeconds * 1000),
        revoked_at: null,
        last_used_at: null,
        last_used_address: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const details = { name, scopes: made.scopes, expiresInSeconds: expiresInSeconds ?? null };
    await recordAudit(transaction, auditOf('api-key.made', made, { address, details }), nowMs);
    if (owner.email !== null) {
      await queueMail(transaction, {
        to: owner.email,
        ...keyMadeMail({ appOrigin: config.appOrigin, key: made, address }),
        stableId: `api-key:${made.id}`,
        kind: 'account-notice',
        at: new Date(nowMs),
      });
    }
    return made;
  });
  return { key, row };
}

/** The account's keys that are not revoked, newest first. */
export async function listApiKeys(db: Kysely<Schema>, accountId: string): Promise<ApiKey[]> {
  return await db
    .selectFrom('api_key')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

/**
 * Revokes a key: it is refused from the next request on, and every claim that it minted dies, with downloads
 * that are under way. Links that it made stay: they belong to the account. Again is no fault.
 * @throws Refused `not-found`, also for a key of somebody else; LedgerUnavailableError, and then nothing was
 * changed.
 */
export async function revokeApiKey(
  context: Pick<AppContext, 'db' | 'ledger' | 'now'>,
  { account, address }: Asker,
  id: string,
): Promise<void> {
  const { db, now } = context;
  const found = await db
    .selectFrom('api_key')
    .selectAll()
    .where('id', '=', id)
    .where('account_id', '=', account.id)
    .executeTakeFirst();
  if (found === undefined) throw new Refused('not-found');
  const reference = keyReference(id);
  await revokeAround(context, [subjectOf.session(reference)], async () => {
    await db.transaction().execute(async (transaction) => {
      const revoked = await transaction
        .updateTable('api_key')
        .set({ revoked_at: new Date(now()) })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (revoked === undefined) return;
      const details = { name: revoked.name };
      await recordAudit(
        transaction,
        auditOf('api-key.revoked', revoked, { address, details }),
        now(),
      );
    });
  });
  await markClaimsRevoked(db, { session_reference: reference }, now());
}

function auditOf(
  action: 'api-key.made' | 'api-key.revoked',
  key: ApiKey,
  rest: { address: string; details: Record<string, string | number | null> },
) {
  const { id, account_id: owner } = key;
  return { action, actorId: owner, accountId: owner, subject: `key:${id}`, ...rest } as const;
}
