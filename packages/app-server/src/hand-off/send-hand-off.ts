// The sending side: says to one other server, once, within a minute, who is signed in here. The receiver has
// chosen state and fence; the claim is burned in its ledger, and fits only the browser that holds its cookie.
import { mintClaim } from '@claimcheck/shared/mint';
import { z } from 'zod';
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext, SignedIn } from '../context.js';
import { Refused } from '../http/problems.js';
import type { Session } from '../sessions/session-store.js';
import { handOffFence, handOffState, nonceOfState } from './hand-off-state.js';

/** From one redirect to the next; a person waits for it. */
export const HAND_OFF_SECONDS = 60;

/** What the receiver asks for, in the address and in the form of the page. */
export const handOffInput = z.object({
  to: z.string().max(300),
  state: handOffState,
  fence: handOffFence,
});
export type HandOffRequest = z.infer<typeof handOffInput>;

/** @throws Refused `not-a-peer` unless people may be handed over to there. */
export function checkReceiver({ config }: Pick<IdentityContext, 'config'>, to: string): void {
  if (!config.handOff.to.includes(to)) throw new Refused('not-a-peer');
}

/**
 * Mints the claim and returns the address that ends the hand-off, which is a secret for a minute.
 * @throws Refused `not-a-peer`.
 */
export async function sendHandOff(
  context: Pick<IdentityContext, 'config' | 'db' | 'keys' | 'now'>,
  { to, state, fence }: HandOffRequest,
  { viewer, session, address }: { viewer: SignedIn; session: Session; address: string },
): Promise<string> {
  checkReceiver(context, to);
  const { config, db, keys, now } = context;
  const { account, requestedAtMs } = viewer;
  const { token, claim } = await mintClaim<'hand-off'>(
    await keys.signing(),
    {
      iss: config.appOrigin,
      aud: to,
      sub: account.id,
      jti: nonceOfState(state),
      act: 'hand-off',
      fen: fence,
      ses: session.reference,
      sta: state,
      met: session.method,
      prv: new Date(Math.floor(session.provenAtMs / 1000) * 1000)
        .toISOString()
        .replace('.000Z', 'Z'),
    },
    requestedAtMs,
    HAND_OFF_SECONDS,
  );
  await recordAudit(
    db,
    {
      action: 'hand-off.sent',
      actorId: account.id,
      accountId: account.id,
      subject: `claim:${claim.jti}`,
      address,
      details: { to },
    },
    now(),
  );
  return `${to}/hand-off/accept/${token}`;
}
