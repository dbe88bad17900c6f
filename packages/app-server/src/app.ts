// The app server's HTTP side: the chain that every request passes, and the whole route table. Pages
// and API routes stand side by side, because what one can do the other can.
import { Router } from '@koa/router';
import { requestLog } from '@claimcheck/shared/http';
import Koa, { type Context, type Next } from 'koa';
import { createOneAccountRoutes } from './accounts/one-account-routes.js';
import { createAccountRoutes } from './accounts/routes.js';
import { createAuditRoutes } from './audit/routes.js';
import { createClaimRoutes } from './claims/routes.js';
import type { IdentityContext } from './context.js';
import { createFileRoutes } from './files/routes.js';
import { loadAssets } from './http/assets.js';
import { refuseCrossSite } from './http/csrf.js';
import { handleErrors } from './http/errors.js';
import { createHealthRoutes } from './http/health.js';
import { redirectTo } from './http/redirect-to.js';
import { securityHeaders } from './http/security-headers.js';
import { createLandingRoutes } from './links/landing-routes.js';
import { createLinkApi } from './links/api-routes.js';
import { createLinkPages } from './links/page-routes.js';
import { createLinkWatch } from './links/watch-links.js';
import { createLoadSession } from './sessions/load-session.js';
import { createRequireRecentProof } from './sessions/require-recent-proof.js';
import { requireAccount, requireAdmin } from './sessions/require-session.js';
import { createMailRoutes } from './mail/routes.js';
import { createSessionRoutes } from './sessions/routes.js';
import { bringsSessionCookie } from './sessions/session-cookie.js';
import { createIdentityRoutes } from './sign-in/identity-routes.js';
import { createSignInRoutes } from './sign-in/routes.js';
import { createWebhookRoutes } from './webhooks/routes.js';

/** @param isStopping true from the moment a stop was asked for. */
export function createApp(context: IdentityContext, isStopping: () => boolean): Koa {
  const { config, log, metrics } = context;
  const assets = loadAssets();
  const app = new Koa();
  app.proxy = config.trustProxy;
  // Our proxy appends to X-Forwarded-For; whatever stands before its entry is the client's claim.
  app.maxIpsCount = 1;
  app.on('error', (error: Error) => log.error({ err: error }, 'a response failed'));

  app.use(requestLog(log, metrics.requestEnded));
  app.use(assets.provide);
  app.use(securityHeaders(config.downloadOrigin));
  app.use(handleErrors(log));
  app.use(refuseCrossSite(config.appOrigin, bringsSessionCookie));
  const router = createRouter(context, assets.serve, isStopping);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

function createRouter(
  context: IdentityContext,
  serveAsset: (ctx: Context) => void,
  isStopping: () => boolean,
): Router {
  const health = createHealthRoutes(context, isStopping);
  const signIn = createSignInRoutes(context);
  const sessions = createSessionRoutes(context);
  const accounts = createAccountRoutes(context);
  const oneAccount = createOneAccountRoutes(context);
  const audit = createAuditRoutes(context);
  const files = createFileRoutes(context);
  const claims = createClaimRoutes(context);
  const links = createLinkApi(context, createLinkWatch(context, isStopping));
  const linkPages = createLinkPages(context);
  const landing = createLandingRoutes(context);
  const identity = createIdentityRoutes(context);
  const mail = createMailRoutes(context);
  const webhooks = createWebhookRoutes(context);

  // Who may pass. `anybody` is not asked who; `visitor` may be signed in, also to an account that is still
  // without a password.
  const anybody = [neverStored] as const;
  const visitor = [neverStored, createLoadSession(context)] as const;
  const member = [...visitor, requireAccount] as const;
  const admin = [...visitor, requireAdmin] as const;

  const router = new Router();
  router.get('/livez', health.live);
  router.get('/readyz', health.ready);
  router.get('/assets/:name', serveAsset);
  router.get('/.well-known/claimcheck/keys', claims.publishKeys);

  router.post('/api/session', ...visitor, signIn.apiSignIn);
  router.post('/api/session/link', ...visitor, signIn.apiSignInByLink);
  router.get('/api/session', ...visitor, sessions.apiShow);
  router.delete('/api/session', ...visitor, signIn.apiSignOut);
  router.get('/api/sessions', ...member, sessions.apiList);
  router.delete('/api/sessions', ...member, sessions.apiEndOthers);
  router.delete('/api/sessions/:id', ...member, sessions.apiEnd);
  router.put('/api/account/welcome', ...visitor, signIn.apiWelcome);
  router.put('/api/account/password', ...member, accounts.apiChangePassword);
  router.get('/api/accounts', ...admin, accounts.apiList);
  router.post('/api/accounts', ...admin, accounts.apiAdd);
  router.get('/api/files', ...member, files.apiList);
  router.put('/api/files', ...member, files.apiUpload);
  router.delete('/api/files/:id', ...member, files.apiDelete);
  router.get('/api/claims', ...member, claims.apiList);
  router.post('/api/claims', ...member, claims.apiMint);
  router.delete('/api/claims/:id', ...member, claims.apiRevoke);

  router.get('/l/:handle', ...anybody, landing.show);
  router.post('/l/:handle', ...anybody, landing.press);
  router.get('/api/links', ...member, links.list);
  router.post('/api/links', ...member, links.create);
  router.delete('/api/links', ...member, links.revokeMany);
  router.get('/api/links.csv', ...member, links.exportList);
  router.get('/api/links/events', ...member, links.followList);
  router.get('/api/links/:id', ...member, links.show);
  router.patch('/api/links/:id', ...member, links.change);
  router.delete('/api/links/:id', ...member, links.revoke);
  router.post('/api/links/:id/send', ...member, links.sendAgain);
  router.get('/api/links/:id/events', ...member, links.follow);
  router.get('/api/links/:id/timeline.csv', ...member, links.exportTimeline);
  router.get('/links', ...member, linkPages.list);
  router.post('/links', ...member, linkPages.create);
  router.get('/links/new', ...member, linkPages.form);
  router.get('/links/export.csv', ...member, links.exportList);
  router.post('/links/revoke-all', ...member, linkPages.revokeMany);
  router.get('/links/:id', ...member, linkPages.show);
  router.get('/links/:id/timeline.csv', ...member, links.exportTimeline);
  router.post('/links/:id/extend', ...member, linkPages.extend);
  router.post('/links/:id/allow', ...member, linkPages.allow);
  router.post('/links/:id/notify', ...member, linkPages.notify);
  router.post('/links/:id/send', ...member, linkPages.sendAgain);
  router.post('/links/:id/revoke', ...member, linkPages.revoke);

  router.get('/', (ctx) => redirectTo(ctx, '/files'));
  router.get('/sign-in', ...visitor, signIn.pageSignIn);
  router.post('/sign-in', ...visitor, signIn.pageSignInPost);
  router.get('/sign-in/link/:token', ...visitor, signIn.pageLink);
  router.post('/sign-in/link/:token', ...visitor, signIn.pageLinkPost);
  router.post('/sign-out', ...visitor, signIn.pageSignOut);
  router.get('/welcome', ...visitor, signIn.pageWelcome);
  router.post('/welcome', ...visitor, signIn.pageWelcomePost);
  router.get('/files', ...member, files.pageList);
  router.post('/files', ...member, files.pageUpload);
  router.post('/files/:id/delete', ...member, files.pageDelete);
  router.post('/files/:id/download', ...member, claims.pageDownload);
  router.post('/files/:id/curl', ...member, claims.pageCurl);
  router.get('/claims', ...member, claims.pageList);
  router.post('/claims/:id/revoke', ...member, claims.pageRevoke);
  router.get('/devices', ...member, sessions.pageList);
  router.post('/devices/end-others', ...member, sessions.pageEndOthers);
  router.post('/devices/:id/end', ...member, sessions.pageEnd);
  router.get('/account', ...member, accounts.pageOwn);
  router.post('/account/password', ...member, accounts.pageChangePassword);
  router.get('/accounts', ...admin, accounts.pageList);
  router.post('/accounts', ...admin, accounts.pageAdd);

  // Mail, links by mail, invitations, webhooks.
  router.post('/api/sign-in-links', ...visitor, identity.apiRequestSignIn);
  router.post('/api/password-resets', ...visitor, identity.apiRequestReset);
  router.post('/api/session/handle', ...visitor, identity.apiEnter);
  router.put('/api/account/chosen-password', ...visitor, identity.apiChoosePassword);
  router.put('/api/account/notices', ...member, mail.apiSetNotices);
  router.post('/api/invitations', ...admin, accounts.apiInvite);
  router.post('/api/invitations/:id/send', ...admin, accounts.apiInviteAgain);
  router.delete('/api/invitations/:id', ...admin, accounts.apiWithdrawInvitation);
  router.post('/api/accounts/:id/reset-link', ...admin, accounts.apiMakeResetLink);
  router.get('/api/outbox', ...admin, mail.apiList);
  router.post('/api/outbox/:id/retry', ...admin, mail.apiRetry);
  router.get('/api/webhooks', ...member, webhooks.apiList);
  router.post('/api/webhooks', ...member, webhooks.apiAdd);
  router.delete('/api/webhooks/:id', ...member, webhooks.apiDelete);
  router.post('/api/webhooks/:id/secret', ...member, webhooks.apiRotate);
  router.post('/api/webhooks/:id/test', ...member, webhooks.apiTest);
  router.get('/api/webhooks/:id/deliveries', ...member, webhooks.apiDeliveries);
  router.get('/sign-in/email', ...visitor, identity.pageRequestSignIn);
  router.post('/sign-in/email', ...visitor, identity.pageRequestSignInPost);
  router.get('/sign-in/forgot', ...visitor, identity.pageRequestReset);
  router.post('/sign-in/forgot', ...visitor, identity.pageRequestResetPost);
  router.get('/i/:handle', ...visitor, identity.pageLink);
  router.post('/i/:handle', ...visitor, identity.pageLinkPost);
  router.get('/n/:handle', ...anybody, mail.pageOptOut);
  router.post('/n/:handle', ...anybody, mail.pageOptOutPost);
  router.post('/accounts/invite', ...admin, accounts.pageInvite);
  router.post('/accounts/:id/invitation/send', ...admin, accounts.pageInviteAgain);
  router.post('/accounts/:id/invitation/withdraw', ...admin, accounts.pageWithdrawInvitation);
  router.post('/accounts/:id/reset-link', ...admin, accounts.pageMakeResetLink);
  router.get('/outbox', ...admin, mail.pageList);
  router.post('/outbox/:id/retry', ...admin, mail.pageRetry);
  router.post('/account/notices', ...member, mail.pageSetNotices);
  router.get('/webhooks', ...member, webhooks.pageList);
  router.post('/webhooks', ...member, webhooks.pageAdd);
  router.get('/webhooks/:id', ...member, webhooks.pageShow);
  router.post('/webhooks/:id/delete', ...member, webhooks.pageDelete);
  router.post('/webhooks/:id/secret', ...member, webhooks.pageRotate);
  router.post('/webhooks/:id/test', ...member, webhooks.pageTest);

  // One account: numbers, role, quota. Who shuts somebody out or makes an administrator proves who they are.
  const provenAdmin = [...admin, createRequireRecentProof(context)] as const;
  router.get('/api/account', ...member, oneAccount.apiShowOwn);
  router.get('/api/accounts/:id', ...admin, oneAccount.apiShow);
  router.patch('/api/accounts/:id', ...provenAdmin, oneAccount.apiChange);
  router.get('/accounts/:id', ...admin, oneAccount.pageShow);
  router.post('/accounts/:id/role', ...provenAdmin, oneAccount.pageChangeRole);
  router.post('/accounts/:id/quota', ...provenAdmin, oneAccount.pageChangeQuota);
  router.post('/accounts/:id/disable', ...provenAdmin, oneAccount.pageDisable);
  router.post('/accounts/:id/enable', ...provenAdmin, oneAccount.pageEnable);

  // The audit trail.
  router.get('/api/audit', ...admin, audit.apiList);
  router.get('/api/audit.csv', ...admin, audit.exportAll);
  router.get('/api/account/audit', ...member, audit.apiListOwn);
  router.get('/audit', ...admin, audit.pageList);
  router.get('/audit/export.csv', ...admin, audit.exportAll);
  router.get('/account/activity', ...member, audit.pageOwn);
  return router;
}

/** Everything behind a session is somebody's own: no cache may keep it. */
async function neverStored(ctx: Context, next: Next): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  await next();
}
