// From an API key to the account it speaks for, at the beginning of a request. Key and account are read from SQL
// each time, so that revoking the one and disabling the other act at the very next request.
import type { Context, Next } from 'koa';
import { logFields } from '@claimcheck/shared/http';
import type { IdentityContext, SignedIn } from '../context.js';
import { Refused, type AppRefusal } from '../http/problems.js';
import { keyReference } from './api-keys.js';
import { bearerOf } from './bearer.js';
import { readScopes, type KeyScope } from './key-scopes.js';
import type { ApiKey } from './key-tables.js';
import { hashOfKey, isKeyText } from './key-text.js';

/** A key in use is noted at most this often, in milliseconds. */
const NOTE_EVERY_MS = 60_000;
const REALM = 'Bearer realm="claimcheck"';

type Middleware = (ctx: Context, next: Next) => Promise<void>;

/** @param fromCookies what finds out who is asking when no key is presented; never run when one is. */
export function createKeyGuards(context: IdentityContext, fromCookies: Middleware) {
  const { db, now, signInLimits } = context;

  async function find(keyHash: string) {
    return await db
      .selectFrom('api_key')
      .innerJoin('account', 'account.id', 'api_key.account_id')
      .selectAll('api_key')
      .select('account.disabled_at')
      .where('key_hash', '=', keyHash)
      .executeTakeFirst();
  }

  /** Counted only when it was wrong: a right key is never kept out by wrong ones from the same address. */
  async function refuse(ctx: Context, code: AppRefusal, detail: string): Promise<never> {
    await signInLimits.admitWrongKey(ctx.ip);
    ctx.set('WWW-Authenticate', `${REALM}, error="invalid_token", error_description="${detail}"`);
    throw new Refused(code, detail);
  }

  async function identify(ctx: Context, text: string): Promise<ApiKey> {
    const requestedAtMs = now();
    if (!isKeyText(text)) {
      return await refuse(ctx, 'invalid-key', 'This is no API key; it may have been cut short.');
    }
    const keyHash = hashOfKey(text);
    const key = await find(keyHash);
    if (key === undefined || key.disabled_at !== null) {
      return await refuse(ctx, 'invalid-key', 'No such API key is in use.');
    }
    logFields(ctx, { key: key.id });
    if (key.revoked_at !== null)
      return await refuse(ctx, 'key-revoked', 'This API key was revoked.');
    if (isOver(key, requestedAtMs))
      return await refuse(ctx, 'key-expired', 'This API key has expired.');
    const account = await db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', key.account_id)
      .executeTakeFirstOrThrow();
    await noteUse(key, ctx.ip, requestedAtMs);
    ctx.state['viewer'] = {
      account,
      sessionReference: keyReference(key.id),
      requestedAtMs,
      isStillSignedIn: async () => {
        const still = await find(keyHash);
        return (
          still !== undefined &&
          still.disabled_at === null &&
          still.revoked_at === null &&
          !isOver(still, now())
        );
      },
    } satisfies SignedIn;
    return key;
  }

  async function noteUse(key: ApiKey, address: string, nowMs: number): Promise<void> {
    if (key.last_used_at !== null && nowMs - key.last_used_at.getTime() < NOTE_EVERY_MS) return;
    await db
      .updateTable('api_key')
      .set({ last_used_at: new Date(nowMs), last_used_address: address })
      .where('id', '=', key.id)
      .execute();
  }

  /** In front of what a key with this scope may do; without a key, a session may. */
  const allowed = (scope: KeyScope): Middleware =>
    async function allowKey(ctx, next) {
      const text = bearerOf(ctx);
      if (text === undefined) return await fromCookies(ctx, next);
      const key = await identify(ctx, text);
      if (!readScopes(key.scopes).includes(scope)) {
        ctx.set('WWW-Authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`);
        throw new Refused('insufficient-scope', `This needs a key with the scope ${scope}.`);
      }
      await next();
    };

  /** In front of everything else that asks who somebody is: no key may do it, whatever its scopes. */
  const refused: Middleware = async function refuseKey(ctx, next) {
    const text = bearerOf(ctx);
    if (text === undefined) return await next();
    await identify(ctx, text);
    ctx.set('WWW-Authenticate', `${REALM}, error="insufficient_scope"`);
    throw new Refused('insufficient-scope', 'No API key may do this, only somebody signed in.');
  };

  return { allowed, refused };
}

/** Whether its time is over, at an instant in Unix milliseconds. */
export function isOver({ expires_at: at }: Pick<ApiKey, 'expires_at'>, nowMs: number): boolean {
  return at !== null && at.getTime() <= nowMs;
}
