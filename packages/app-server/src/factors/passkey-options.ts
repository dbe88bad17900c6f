// What the browser is told to ask an authenticator for: to make a passkey, or to sign with one. A person must
// be verified (finger, face, PIN) each time, and no maker's certificate is wanted: any authenticator will do.
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import type { Passkey } from './factor-tables.js';
import { CHALLENGE_COUNTS_MS, issueChallenge, type ChallengeUse } from './passkey-challenges.js';

type Deps = Pick<IdentityContext, 'config' | 'db' | 'now'>;

/** WebAuthn's RP ID: passkeys belong to this host name. It cannot change without losing them all. */
export function rpIdOf(appOrigin: string): string {
  return new URL(appOrigin).hostname;
}

/** For `navigator.credentials.create`. Authenticators that hold one of the account's passkeys are left out. */
export async function creationOptions(
  context: Deps,
  account: Account,
  boundTo: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { config } = context;
  const challenge = await issueChallenge(context, { purpose: 'register', boundTo });
  return await generateRegistrationOptions({
    rpName: 'claimcheck',
    rpID: rpIdOf(config.appOrigin),
    // Opaque, and the same for all of an account's passkeys, as WebAuthn Level 3 section 14.6.1 has it.
    userID: new TextEncoder().encode(account.id),
    userName: account.email ?? account.id,
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: CHALLENGE_COUNTS_MS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: (await passkeysOf(context, account.id)).map(describeCredential),
  });
}

/** For `navigator.credentials.get`. Without an account the browser offers every passkey it has for us. */
export async function requestOptions(
  context: Deps,
  use: ChallengeUse,
  accountId?: string,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const challenge = await issueChallenge(context, use);
  const known = accountId === undefined ? [] : await passkeysOf(context, accountId);
  return await generateAuthenticationOptions({
    rpID: rpIdOf(context.config.appOrigin),
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: CHALLENGE_COUNTS_MS,
    userVerification: 'required',
    allowCredentials: known.map(describeCredential),
  });
}

/** The account's passkeys, oldest first. */
export async function passkeysOf({ db }: Pick<Deps, 'db'>, accountId: string): Promise<Passkey[]> {
  return await db
    .selectFrom('passkey')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

function describeCredential({ credential_id, transports }: Passkey) {
  return {
    id: credential_id,
    transports: JSON.parse(transports) as string[],
  };
}
