// The hand-off over HTTP. The sending side asks before it says to another server who somebody is; the
// receiving side leaves no token behind: not in the address the browser ends on, not in a referrer.
import type { Context } from 'koa';
import type { IdentityContext } from '../context.js';
import { recordAudit } from '../audit/record-audit.js';
import { assetsOf } from '../http/assets.js';
import { localPath } from '../http/local-path.js';
import { Refused } from '../http/problems.js';
import { check, readForm } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { refuseUnseen } from '../identities/attempts.js';
import { connectIdentity } from '../identities/connect-identity.js';
import { renderHandOff, renderLeaving } from '../pages/index.js';
import { currentSession } from '../sessions/current-session.js';
import { sessionOf } from '../sessions/load-session.js';
import { viewerOf } from '../sessions/require-session.js';
import { completeSignIn } from '../sign-in/complete-sign-in.js';
import type { SignedIn } from '../context.js';
import { acceptHandOff, beginHandOff, provenAtMsOf, type Received } from './accept-hand-off.js';
import type { ReceivedPeer } from './hand-off-peers.js';
import { checkReceiver, handOffInput, sendHandOff } from './send-hand-off.js';

export function createHandOffRoutes(context: IdentityContext) {
  function peerNamed(name: unknown): ReceivedPeer {
    const peer = typeof name === 'string' ? context.handOffPeers.byName(name) : undefined;
    if (peer === undefined) throw new Refused('not-a-peer');
    return peer;
  }

  async function finish(ctx: Context, received: Received): Promise<string> {
    const { attempt, account, claim, peer } = received;
    await recordAudit(
      context.db,
      {
        action: 'hand-off.accepted',
        actorId: account.id,
        accountId: account.id,
        subject: `claim:${claim.jti}`,
        address: ctx.ip,
        details: { from: peer.origin, purpose: attempt.purpose, method: claim.met },
      },
      context.now(),
    );
    if (attempt.purpose === 'connect') {
      await connect(ctx, received);
      return '/account/identities?done=identity-connected';
    }
    const provenAtMs = provenAtMsOf(claim, context.now());
    await completeSignIn(ctx, context, { account, method: 'hand-off', provenAtMs });
    return attempt.next ?? '/files';
  }

  async function connect(ctx: Context, { account, peer, claim }: Received): Promise<void> {
    await context.db.transaction().execute((transaction) =>
      connectIdentity(transaction, context, {
        account,
        identity: { issuer: peer.origin, subject: claim.sub, email: null },
        issuerName: peer.name,
        actorId: account.id,
        address: ctx.ip,
      }),
    );
  }

  return {
    /** `GET /hand-off/begin?from=NAME&next=PATH`: the receiver sends the browser to the sender. */
    pageBegin: async (ctx: Context) => {
      const peer = peerNamed(ctx.query['from']);
      const next = localPath(ctx.query['next']);
      if (sessionOf(ctx)) return redirectTo(ctx, next ?? '/files');
      await context.signInLimits.admitAttempt(ctx.ip);
      const wish = { purpose: 'sign-in', accountId: null, next: next ?? null } as const;
      redirectTo(ctx, await beginHandOff(ctx, context, peer, wish));
    },
    /** `POST /account/identities/peers/NAME`: the same, to connect the account there with this one. */
    pageConnect: async (ctx: Context) => {
      if (context.config.handOff.accounts === 'shared') throw new Refused('not-found');
      const peer = peerNamed((ctx['params'] as Readonly<Record<string, string>>)['name']);
      const { account } = viewerOf(ctx);
      await context.signInLimits.admitAttempt(ctx.ip);
      const wish = { purpose: 'connect', accountId: account.id, next: null } as const;
      const href = await beginHandOff(ctx, context, peer, wish);
      ctx.set('Refresh', `0; url=${href}`);
      ctx.body = renderLeaving({ assets: assetsOf(ctx), viewer: account, name: peer.name, href });
    },
    /** `GET /hand-off/accept/TOKEN`: back at the receiver. */
    pageAccept: async (ctx: Context) => {
      ctx.set('Referrer-Policy', 'no-referrer');
      refuseUnseen(ctx);
      const token = String((ctx['params'] as Readonly<Record<string, string>>)['token']);
      const viewer = (ctx.state['viewer'] as SignedIn | undefined)?.account;
      const signingIn = acceptHandOff(ctx, context, token, viewer).then((received) =>
        finish(ctx, received),
      );
      redirectTo(ctx, await context.metrics.signingIn('hand-off', signingIn));
    },

    /** `GET /hand-off?to=ORIGIN&state=…&fence=…`: the sender asks whether that is meant. */
    pageAsk: (ctx: Context) => {
      const request = check(ctx.query, handOffInput);
      checkReceiver(context, request.to);
      ctx.body = renderHandOff({
        assets: assetsOf(ctx),
        viewer: viewerOf(ctx).account,
        ...request,
      });
    },
    /** `POST /hand-off`: the button. The token is in the address for one redirect. */
    pageSend: async (ctx: Context) => {
      const request = await readForm(ctx, handOffInput);
      ctx.set('Referrer-Policy', 'no-referrer');
      const from = { viewer: viewerOf(ctx), session: currentSession(ctx), address: ctx.ip };
      redirectTo(ctx, await sendHandOff(context, request, from));
    },
  };
}
