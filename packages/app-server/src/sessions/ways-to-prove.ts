// How somebody can prove anew who they are, besides the password. A new way adds its line here; whoever has no
// password proves it by signing in anew, which begins a session that is proven from the start.
import type { IdentityContext } from '../context.js';
import type { Account } from '../database/schema.js';
import { listIdentities } from '../identities/connect-identity.js';
import type { ProofWay } from '../pages/index.js';

/** Further ways for this account, as links of the page. */
export async function waysToProve(
  { config, db, provider }: IdentityContext,
  account: Account,
  next: string | undefined,
): Promise<ProofWay[]> {
  const ways: ProofWay[] = [];
  const identities = provider === undefined ? [] : await listIdentities(db, account.id);
  if (provider && identities.some(({ issuer }) => issuer === provider.issuer)) {
    const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
    ways.push({ href: `/sign-in/provider/prove${query}`, label: `Confirm with ${provider.name}` });
  } else if (
    account.password_hash === null &&
    config.smtp !== undefined &&
    config.mailedLinks['sign-in']
  ) {
    ways.push({ href: '/sign-in/email', label: 'E-mail me a sign-in link' });
  }
  return ways;
}
