// A browser that is sent elsewhere to prove who sits there takes a secret along in a cookie, and whatever
// it comes back with must fit that secret. All that is sent with it (state, nonce, PKCE verifier) is derived
// from the secret, so that the database holds nothing that could be used, and each attempt ends once.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { hashOfId, newSessionId } from '../sessions/session-store.js';
import type { AttemptWay, SignInAttempt } from './identity-tables.js';

/** How long a browser may be away: a sign-in with a second factor takes its time, a press does not. */
export const ATTEMPT_LIFE_MS: Readonly<Record<AttemptWay, number>> = {
  provider: 10 * 60_000,
  peer: 5 * 60_000,
};

/** `__Host-`: no sibling domain can plant one (RFC 6265bis section 4.1.3.2). */
const COOKIES: Readonly<Record<AttemptWay, string>> = {
  provider: '__Host-claimcheck-provider',
  peer: '__Host-claimcheck-hand-off',
};
/** Lax: coming back is a top-level GET from another site. */
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** What is derived from the secret; none tells anything of another, or of the secret. */
export type DerivedFor = 'oidc-state' | 'oidc-nonce' | 'oidc-verifier' | 'hand-off-state';

export type NewAttempt = Pick<SignInAttempt, 'way' | 'purpose' | 'issuer' | 'account_id' | 'next'>;

/** 256 random bits, base64url. */
export function newAttemptSecret(): string {
  return newSessionId();
}

/**
 * Notes that this browser is being sent away with `secret` and sets its cookie, which takes the place of that
 * of an earlier attempt. To be called last: where to send it must be known.
 */
export async function beginAttempt(
  ctx: Context,
  { db, now }: { db: Kysely<Schema>; now: () => number },
  secret: string,
  attempt: NewAttempt,
): Promise<void> {
  const nowMs = now();
  const lifeMs = ATTEMPT_LIFE_MS[attempt.way];
  await db.deleteFrom('sign_in_attempt').where('expires_at', '<=', new Date(nowMs)).execute();
  await db
    .insertInto('sign_in_attempt')
    .values({
      ...attempt,
      secret_hash: hashOfId(secret),
      created_at: new Date(nowMs),
      expires_at: new Date(nowMs + lifeMs),
    })
    .execute();
  ctx.append(
    'Set-Cookie',
    `${COOKIES[attempt.way]}=${secret}; Max-Age=${lifeMs / 1000}; ${ATTRIBUTES}`,
  );
}

/**
 * The secret that this browser holds.
 * @throws Refused `sign-in-over` without one: this browser began nothing, or another did.
 */
export function secretOf(ctx: Context, way: AttemptWay): string {
  const secret = ctx.cookies.get(COOKIES[way]);
  if (secret === undefined || !SECRET.test(secret)) throw new Refused('sign-in-over');
  return secret;
}

/**
 * Checks that what a browser came back with is what was derived from its secret.
 * @throws Refused `sign-in-over` when it belongs to another attempt: another browser's, or an older one.
 */
export function checkReturned(secret: string, derivedFor: DerivedFor, returned: string): void {
  const expected = Buffer.from(derive(secret, derivedFor));
  const given = Buffer.from(returned);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Refused('sign-in-over');
  }
}

/**
 * Only a browser that shows the page may end an attempt.
 * @throws Refused `sign-in-over` for HEAD and for what is fetched beforehand; the attempt stays.
 */
export function refuseUnseen(ctx: Context): void {
  const purpose = `${ctx.get('Sec-Purpose')} ${ctx.get('Purpose')}`;
  if (ctx.method === 'GET' && !purpose.includes('prefetch')) return;
  throw new Refused('sign-in-over', 'Nothing was used up: open the page itself.');
}

/**
 * The attempt of this secret, which stays.
 * @throws Refused `sign-in-over` when there is none, or it is over.
 */
export async function findAttempt(
  { db, now }: { db: Kysely<Schema>; now: () => number },
  way: AttemptWay,
  secret: string,
): Promise<SignInAttempt> {
  const attempt = await db
    .selectFrom('sign_in_attempt')
    .selectAll()
    .where('secret_hash', '=', hashOfId(secret))
    .where('way', '=', way)
    .executeTakeFirst();
  return unlessOver(attempt, now());
}

/**
 * Ends the attempt of this secret and takes its cookie away. Of several at once one gets it.
 * @throws Refused `sign-in-over` as `findAttempt`.
 */
export async function takeAttempt(
  ctx: Context,
  { db, now }: { db: Kysely<Schema>; now: () => number },
  way: AttemptWay,
  secret: string,
): Promise<SignInAttempt> {
  const attempt = await db
    .deleteFrom('sign_in_attempt')
    .where('secret_hash', '=', hashOfId(secret))
    .where('way', '=', way)
    .returningAll()
    .executeTakeFirst();
  ctx.append('Set-Cookie', `${COOKIES[way]}=; Max-Age=0; ${ATTRIBUTES}`);
  return unlessOver(attempt, now());
}

/** HMAC-SHA256 of a label under the secret, base64url: 43 characters. */
export function derive(secret: string, derivedFor: DerivedFor): string {
  return createHmac('sha256', secret).update(derivedFor).digest('base64url');
}

function unlessOver(attempt: SignInAttempt | undefined, nowMs: number): SignInAttempt {
  if (attempt === undefined || attempt.expires_at.getTime() <= nowMs) {
    throw new Refused('sign-in-over');
  }
  return attempt;
}
