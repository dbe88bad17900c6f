// What authenticators are asked to sign: random, kept here until the first answer takes it out, and good for
// the browser alone that asked. So an answer counts once, and nobody can hand theirs to somebody else.
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { Kysely } from 'kysely';
import type { IdentityContext } from '../context.js';
import type { Schema } from '../database/schema.js';
import { hashOfId } from '../sessions/session-store.js';
import type { PasskeyPurpose } from './factor-tables.js';

/** An open sign-in page waits for a passkey for as long as somebody looks at it. */
export const CHALLENGE_COUNTS_MS = 10 * 60_000;
/** WebAuthn Level 3 section 13.4.3 asks for at least 16 bytes. */
const CHALLENGE_BYTES = 32;

const COOKIE = '__Host-claimcheck-passkey';
const COOKIE_SECONDS = 60 * 60;
const VALUE = /^[A-Za-z0-9_-]{43}$/;

export interface ChallengeUse {
  purpose: PasskeyPurpose;
  /** `browser:…`, `pending:…` or `session:…`; what is in it is no secret. */
  boundTo: string;
}

type Deps = Pick<IdentityContext, 'db' | 'now'>;

/** Returns the challenge as random bytes, base64url. */
export async function issueChallenge({ db, now }: Deps, use: ChallengeUse): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
  await db
    .insertInto('passkey_challenge')
    .values({
      challenge_hash: hashOf(challenge),
      purpose: use.purpose,
      bound_to: use.boundTo,
      expires_at: new Date(now() + CHALLENGE_COUNTS_MS),
    })
    .execute();
  return challenge;
}

/** Takes a challenge out; false when there is none such for this use (any more). */
export async function takeChallenge(
  { db, now }: Deps,
  challenge: string,
  use: ChallengeUse,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('passkey_challenge')
    .where('challenge_hash', '=', hashOf(challenge))
    .where('purpose', '=', use.purpose)
    .where('bound_to', '=', use.boundTo)
    .where('expires_at', '>', new Date(now()))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/**
 * Tells apart browsers in which nobody is signed in. All pages of a browser share one, so that two open
 * sign-in pages do not spoil each other's.
 */
export function bindToBrowser(ctx: Context): string {
  const brought = browserOf(ctx);
  if (brought !== undefined) return brought;
  const value = randomBytes(32).toString('base64url');
  ctx.append(
    'Set-Cookie',
    `${COOKIE}=${value}; Max-Age=${COOKIE_SECONDS}; Path=/; Secure; HttpOnly; SameSite=Strict`,
  );
  return `browser:${hashOfId(value)}`;
}

/** Undefined when the browser brings no such cookie. */
export function browserOf(ctx: Context): string | undefined {
  const value = ctx.cookies.get(COOKIE);
  return value !== undefined && VALUE.test(value) ? `browser:${hashOfId(value)}` : undefined;
}

export async function pruneChallenges(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db.deleteFrom('passkey_challenge').where('expires_at', '<', new Date(nowMs)).execute();
}

function hashOf(challenge: string): string {
  return createHash('sha256').update(challenge).digest('hex');
}
