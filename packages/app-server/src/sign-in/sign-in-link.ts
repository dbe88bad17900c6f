// The first administrator's one-time sign-in link: a claim of our own with `act` `sign-in`, burned in
// the same ledger as every other. Looking at its page burns nothing.
import { createClaimVerifier, MAX_LIFE_SECONDS, type SignInClaim } from '@claimcheck/shared/claim';
import { burnRequestOf } from '@claimcheck/shared/ledger';
import { mintClaim, newNonce } from '@claimcheck/shared/mint';
import type { AppContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { Refused, type AppRefusal } from '../http/problems.js';

/**
 * What to do next, where a claim's general advice would mislead: nobody sent this link, the server
 * printed it.
 */
const ADVICE: Partial<Record<AppRefusal, string>> = {
  'already-used':
    'It signs in one browser, once. If you have chosen a password since, sign in with that. If not, start the server again: it prints a new link then.',
  expired: 'It was good for 15 minutes. Start the server again: it prints a new link then.',
  superseded:
    'The server was started again after it was made. Use the newest link that it printed.',
  revoked:
    'The account that it was for has a password now, or is disabled. Sign in with e-mail address and password.',
};

/** Mints a link that signs this account in once, within 15 minutes. Nothing of it is stored. */
export async function mintSignInLink(context: AppContext, accountId: string): Promise<string> {
  const { config, keys, ledger, now } = context;
  const nonce = newNonce();
  const { token } = await mintClaim(
    await keys.signing(),
    {
      iss: config.appOrigin,
      aud: config.appOrigin,
      sub: accountId,
      jti: nonce,
      act: 'sign-in',
      fen: await ledger.fence(nonce),
    },
    now(),
    MAX_LIFE_SECONDS,
  );
  return `${config.appOrigin}/sign-in/link/${token}`;
}

/** Returns the function that a link's button calls: verify, look at the account, burn. */
export function createSignInLinkBurn(context: AppContext) {
  const { config, db, keys, ledger, now } = context;
  const verifyClaim = createClaimVerifier({
    act: 'sign-in',
    issuer: config.appOrigin,
    audience: config.appOrigin,
    keys: keys.ring,
  });

  /** @throws Refused with a claim's refusal; LedgerUnavailableError. Neither proves anything. */
  return async function burnSignInLink(token: string): Promise<Account> {
    const verification = await verifyClaim(token, now());
    if (!verification.ok) throw refuse(verification.refusal);
    const { claim, keyId } = verification;
    const account = await findSignable(claim);
    const outcome = await ledger.burn(burnRequestOf(claim, keyId));
    if (outcome !== 'burned') throw refuse(outcome);
    return account;
  };

  /** Links are for an account without a password: once it has one, all of them are withdrawn. */
  async function findSignable({ sub }: SignInClaim): Promise<Account> {
    const account = await db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', sub)
      .executeTakeFirst();
    if (account === undefined || account.disabled_at !== null || account.password_hash !== null) {
      throw refuse('revoked');
    }
    return account;
  }
}

function refuse(code: AppRefusal): Refused {
  return new Refused(code, ADVICE[code]);
}
