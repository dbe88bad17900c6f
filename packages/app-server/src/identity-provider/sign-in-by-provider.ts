// Signing in, proving anew and connecting by the identity provider: away with the browser, and what it means
// when it comes back. The attempt is used up before the provider is asked, so that nothing is tried twice.
import type { Context } from 'koa';
import type { IdentityContext, SignedIn } from '../context.js';
import { recordAudit } from '../audit/record-audit.js';
import type { Account } from '../database/schema.js';
import { Refused, type AppRefusal } from '../http/problems.js';
import {
  beginAttempt,
  checkReturned,
  newAttemptSecret,
  refuseUnseen,
  secretOf,
  takeAttempt,
} from '../identities/attempts.js';
import { connectIdentity, findConnected } from '../identities/connect-identity.js';
import type { AttemptPurpose, SignInAttempt } from '../identities/identity-tables.js';
import { completeProof } from '../sessions/prove-anew.js';
import { completeSignIn } from '../sign-in/complete-sign-in.js';
import { checkIdentity, chooseAccount, readEmail } from './choose-account.js';
import type { IdentityProvider, ProviderProof } from './open-provider.js';
import { checkStrength, strengthSaid } from './proof-strength.js';
import type { ProviderSettings } from './provider-settings.js';

/** Where the provider sends browsers back to: to be registered there. */
export const CALLBACK_PATH = '/sign-in/provider/callback';

/** Refusals that the audit trail tells of. */
const AUDITED: ReadonlySet<AppRefusal> = new Set(['no-account', 'proof-too-weak']);

/** How much later than asked for the credentials may seem to have been given, in seconds. */
const AUTH_AGE_TOLERANCE_SECONDS = 5;

/** The provider with the settings that it came from. */
export interface Federation {
  provider: IdentityProvider;
  settings: ProviderSettings;
}

/** @throws Refused `not-found` where no provider is configured. */
export function federationOf({ config, provider }: IdentityContext): Federation {
  if (provider === undefined || config.provider === undefined) throw new Refused('not-found');
  return { provider, settings: config.provider };
}

/**
 * Notes the attempt and returns where this browser is to go.
 * @throws Refused `provider-unavailable`, `too-many-attempts`.
 */
export async function leaveForProvider(
  ctx: Context,
  context: IdentityContext,
  wish: { purpose: AttemptPurpose; accountId: string | null; next: string | null },
): Promise<string> {
  const { provider } = federationOf(context);
  await context.signInLimits.admitAttempt(ctx.ip);
  const { purpose, accountId, next } = wish;
  const secret = newAttemptSecret();
  const redirectUri = context.config.appOrigin + CALLBACK_PATH;
  const url = await provider.authorizationUrl(secret, redirectUri, purpose === 'prove');
  await beginAttempt(ctx, context, secret, {
    way: 'provider',
    purpose,
    issuer: provider.issuer,
    account_id: accountId,
    next,
  });
  return url.href;
}

/**
 * Does what the browser was sent away for, and returns the path to end on.
 * @throws Refused `sign-in-over`, `provider-refused`, `provider-unavailable`, `proof-too-weak`, `no-account`,
 * `conflict`.
 */
export async function returnFromProvider(ctx: Context, context: IdentityContext): Promise<string> {
  const federation = federationOf(context);
  refuseUnseen(ctx);
  const secret = secretOf(ctx, 'provider');
  // Ours and not the request's own: what `Host` says is the client's.
  const returned = new URL(ctx.url, context.config.appOrigin);
  checkReturned(secret, 'oidc-state', returned.searchParams.get('state') ?? '');
  const attempt = await takeAttempt(ctx, context, 'provider', secret);
  // The settings may have changed while the browser was away.
  if (attempt.issuer !== federation.provider.issuer) throw new Refused('sign-in-over');
  const { provider, settings } = federation;
  const { issuer } = provider;
  const proof = await auditedRefusal(ctx, context, { issuer }, () =>
    provider.redeem(returned, secret),
  );
  return await auditedRefusal(ctx, context, proof, async () => {
    checkStrength(settings, proof);
    return await PURPOSES[attempt.purpose](ctx, context, { ...federation, attempt, proof });
  });
}

interface Return extends Federation {
  attempt: SignInAttempt;
  proof: ProviderProof;
}

type Finish = (ctx: Context, context: IdentityContext, back: Return) => Promise<string>;

const PURPOSES: Readonly<Record<AttemptPurpose, Finish>> = {
  'sign-in': async (ctx, context, { attempt, proof, settings }) => {
    const signingIn = chooseAccount(context, settings, proof, ctx.ip).then((account) =>
      completeSignIn(ctx, context, { account, method: 'identity-provider' }),
    );
    await context.metrics.signingIn('identity-provider', signingIn);
    return attempt.next ?? '/files';
  },

  prove: async (ctx, context, { attempt, proof }) => {
    const account = sameViewer(ctx, attempt);
    const known = await findConnected(context.db, proof);
    if (known?.account.id !== account.id) {
      throw new Refused('no-account', 'That is not the person whose account this is.');
    }
    // Credentials given before we asked prove nothing of who sits there now (Core section 3.1.2.1).
    const awaySeconds = (context.now() - attempt.created_at.getTime()) / 1000;
    const { authAgeSeconds = Number.POSITIVE_INFINITY } = proof;
    if (authAgeSeconds > awaySeconds + AUTH_AGE_TOLERANCE_SECONDS) {
      throw new Refused(
        'provider-refused',
        'The sign-in service did not ask for your credentials again, so nothing was confirmed.',
      );
    }
    await completeProof(ctx, context, 'identity-provider');
    return attempt.next ?? '/account';
  },

  connect: async (ctx, context, { attempt, proof, settings }) => {
    const account = sameViewer(ctx, attempt);
    const identity = await checkIdentity(settings, proof);
    const email = identity.email ?? (await readEmail(proof)) ?? null;
    await context.db.transaction().execute((transaction) =>
      connectIdentity(transaction, context, {
        account,
        identity: { ...identity, email },
        issuerName: settings.name,
        actorId: account.id,
        address: ctx.ip,
      }),
    );
    return '/account/identities?done=identity-connected';
  },
};

/** Whoever began it must still be signed in, in this browser. */
function sameViewer(ctx: Context, attempt: SignInAttempt): Account {
  const viewer = ctx.state['viewer'] as SignedIn | undefined;
  // Not `not-signed-in`, which would lead back here with what the address holds.
  if (viewer?.account.id !== attempt.account_id) throw new Refused('sign-in-over');
  return viewer.account;
}

/** That the provider vouched for somebody, or tried to, whom we did not let in is worth knowing. */
async function auditedRefusal<T>(
  ctx: Context,
  { db, now }: IdentityContext,
  { issuer, subject, acr }: Pick<ProviderProof, 'issuer'> & Partial<ProviderProof>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused && AUDITED.has(error.code)) {
      const reason =
        error.code === 'proof-too-weak'
          ? `its proof is weaker than OIDC_ACR_VALUES asks for: ${strengthSaid(acr)}`
          : (error.detail ?? 'no account has this e-mail address');
      const known =
        subject === undefined ? undefined : await findConnected(db, { issuer, subject });
      await recordAudit(
        db,
        {
          action: 'identity.refused',
          actorId: null,
          accountId: known?.account.id ?? null,
          address: ctx.ip,
          details: { issuer, reason },
        },
        now(),
      );
    }
    throw error;
  }
}
