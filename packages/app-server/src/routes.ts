// The whole route table of the app server, and who may pass where. Pages and API routes stand side by side, because
// what one can do the other can.
import { Router } from '@koa/router';
import type { Context } from 'koa';
import { createOneAccountRoutes } from './accounts/one-account-routes.js';
import { createApiKeyRoutes } from './api-keys/routes.js';
import { createAccountRoutes } from './accounts/routes.js';
import { createAuditRoutes } from './audit/routes.js';
import { createClaimRoutes } from './claims/routes.js';
import type { IdentityContext } from './context.js';
import { createFactorProofRoutes } from './factors/proof-routes.js';
import { createFactorRoutes } from './factors/routes.js';
import { createFactorSignInRoutes } from './factors/sign-in-routes.js';
import { createFileRoutes } from './files/routes.js';
import { createHealthRoutes } from './http/health.js';
import { createHandOffRoutes } from './hand-off/routes.js';
import { createIdentitiesRoutes } from './identities/routes.js';
import { createProviderRoutes } from './identity-provider/routes.js';
import { redirectTo } from './http/redirect-to.js';
import { createLandingRoutes } from './links/landing-routes.js';
import { createLinkApi } from './links/api-routes.js';
import { createLinkPages } from './links/page-routes.js';
import { createLinkWatch } from './links/watch-links.js';
import { createMailRoutes } from './mail/routes.js';
import { createOpenApiRoutes } from './openapi/routes.js';
import { createProofRoutes } from './sessions/proof-routes.js';
import { createSessionRoutes } from './sessions/routes.js';
import { createIdentityRoutes } from './sign-in/identity-routes.js';
import { createMakeRoomRoutes } from './sign-in/make-room-routes.js';
import { createSignInRoutes } from './sign-in/routes.js';
import { createWebhookRoutes } from './webhooks/routes.js';
import { createGuards } from './guards.js';

/** @param isStopping true from the moment a stop was asked for. */
export function createRouter(
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
  const factors = createFactorRoutes(context);
  const factorProofs = createFactorProofRoutes(context);
  const factorSignIn = createFactorSignInRoutes(context);
  const apiKeys = createApiKeyRoutes(context);
  const openApi = createOpenApiRoutes(context);
  const proofs = createProofRoutes(context);
  const provider = createProviderRoutes(context);
  const handOff = createHandOffRoutes(context);
  const identities = createIdentitiesRoutes(context);
  const makingRoom = createMakeRoomRoutes(context);

  const {
    anybody,
    visitor,
    returning,
    member,
    admin,
    byKey,
    proven,
    provenBoth,
    owner,
    provenOwner,
  } = createGuards(context);

  const router = new Router();
  router.get('/livez', health.live);
  router.get('/readyz', health.ready);
  router.get('/assets/:name', serveAsset);
  router.get('/.well-known/claimcheck/keys', claims.publishKeys);

  router.post('/api/session', ...visitor, signIn.apiSignIn);
  router.post('/api/session/link', ...visitor, signIn.apiSignInByLink);
  router.get('/api/session', ...returning, sessions.apiShow);
  router.delete('/api/session', ...visitor, signIn.apiSignOut);
  router.get('/api/sessions', ...member, sessions.apiList);
  router.delete('/api/sessions', ...member, sessions.apiEndOthers);
  router.delete('/api/sessions/:id', ...member, sessions.apiEnd);
  router.put('/api/account/welcome', ...visitor, signIn.apiWelcome);
  router.put('/api/account/password', ...member, provenBoth, accounts.apiChangePassword);
  router.get('/api/accounts', ...admin, accounts.apiList);
  router.post('/api/accounts', ...admin, proven, accounts.apiAdd);
  router.get('/api/files', ...byKey('files:read'), files.apiList);
  router.put('/api/files', ...byKey('files:write'), files.apiUpload);
  router.delete('/api/files/:id', ...byKey('files:write'), files.apiDelete);
  router.get('/api/claims', ...byKey('claims:manage'), claims.apiList);
  router.post('/api/claims', ...byKey('claims:mint'), claims.apiMint);
  router.delete('/api/claims/:id', ...byKey('claims:manage'), claims.apiRevoke);

  router.get('/l/:handle', ...anybody, landing.show);
  router.post('/l/:handle', ...anybody, landing.press);
  router.get('/api/links', ...byKey('links:manage'), links.list);
  router.post('/api/links', ...byKey('links:create'), links.create);
  router.delete('/api/links', ...byKey('links:manage'), links.revokeMany);
  router.get('/api/links.csv', ...byKey('links:manage'), links.exportList);
  router.get('/api/links/events', ...byKey('links:manage'), links.followList);
  router.get('/api/links/:id', ...byKey('links:manage'), links.show);
  router.patch('/api/links/:id', ...byKey('links:manage'), links.change);
  router.delete('/api/links/:id', ...byKey('links:manage'), links.revoke);
  router.post('/api/links/:id/send', ...byKey('links:manage'), links.sendAgain);
  router.get('/api/links/:id/events', ...byKey('links:manage'), links.follow);
  router.get('/api/links/:id/timeline.csv', ...byKey('links:manage'), links.exportTimeline);
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
  router.get('/sign-in', ...returning, signIn.pageSignIn);
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
  router.post('/account/password', ...member, provenBoth, accounts.pageChangePassword);
  router.get('/accounts', ...admin, accounts.pageList);
  router.post('/accounts', ...admin, proven, accounts.pageAdd);

  // Mail, links by mail, invitations, webhooks.
  router.post('/api/sign-in-links', ...visitor, identity.apiRequestSignIn);
  router.post('/api/password-resets', ...visitor, identity.apiRequestReset);
  router.post('/api/session/handle', ...visitor, identity.apiEnter);
  router.put('/api/account/chosen-password', ...visitor, identity.apiChoosePassword);
  router.put('/api/account/notices', ...member, mail.apiSetNotices);
  router.post('/api/invitations', ...admin, proven, accounts.apiInvite);
  router.post('/api/invitations/:id/send', ...admin, proven, accounts.apiInviteAgain);
  router.delete('/api/invitations/:id', ...admin, accounts.apiWithdrawInvitation);
  router.post('/api/accounts/:id/reset-link', ...admin, proven, accounts.apiMakeResetLink);
  router.get('/api/outbox', ...admin, mail.apiList);
  router.post('/api/outbox/:id/retry', ...admin, mail.apiRetry);
  router.get('/api/webhooks', ...member, webhooks.apiList);
  router.post('/api/webhooks', ...member, proven, webhooks.apiAdd);
  router.delete('/api/webhooks/:id', ...member, webhooks.apiDelete);
  router.post('/api/webhooks/:id/secret', ...member, proven, webhooks.apiRotate);
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
  router.post('/accounts/invite', ...admin, proven, accounts.pageInvite);
  router.post('/accounts/:id/invitation/send', ...admin, proven, accounts.pageInviteAgain);
  router.post('/accounts/:id/invitation/withdraw', ...admin, accounts.pageWithdrawInvitation);
  router.post('/accounts/:id/reset-link', ...admin, proven, accounts.pageMakeResetLink);
  router.get('/outbox', ...admin, mail.pageList);
  router.post('/outbox/:id/retry', ...admin, mail.pageRetry);
  router.post('/account/notices', ...member, mail.pageSetNotices);
  router.get('/webhooks', ...member, webhooks.pageList);
  router.post('/webhooks', ...member, proven, webhooks.pageAdd);
  router.get('/webhooks/:id', ...member, webhooks.pageShow);
  router.post('/webhooks/:id/delete', ...member, webhooks.pageDelete);
  router.post('/webhooks/:id/secret', ...member, proven, webhooks.pageRotate);
  router.post('/webhooks/:id/test', ...member, webhooks.pageTest);

  // One account: numbers, role, quota. Who shuts somebody out or makes an administrator proves who they are.
  router.get('/api/account', ...member, oneAccount.apiShowOwn);
  router.get('/api/accounts/:id', ...admin, oneAccount.apiShow);
  router.patch('/api/accounts/:id', ...admin, proven, oneAccount.apiChange);
  router.get('/accounts/:id', ...admin, oneAccount.pageShow);
  router.post('/accounts/:id/role', ...admin, proven, oneAccount.pageChangeRole);
  router.post('/accounts/:id/quota', ...admin, proven, oneAccount.pageChangeQuota);
  router.post('/accounts/:id/disable', ...admin, proven, oneAccount.pageDisable);
  router.post('/accounts/:id/enable', ...admin, proven, oneAccount.pageEnable);

  // The audit trail.
  router.get('/api/audit', ...admin, audit.apiList);
  router.get('/api/audit.csv', ...admin, audit.exportAll);
  router.get('/api/account/audit', ...member, audit.apiListOwn);
  router.get('/audit', ...admin, audit.pageList);
  router.get('/audit/export.csv', ...admin, audit.exportAll);
  router.get('/account/activity', ...member, audit.pageOwn);

  // Proving anew, sessions of others, remembered browsers.
  router.post('/api/session/proof', ...owner, proofs.apiProve);
  router.get('/confirm-identity', ...owner, proofs.pageProve);
  router.post('/confirm-identity', ...owner, proofs.pageProvePost);
  router.delete('/api/accounts/:id/sessions', ...admin, proven, sessions.apiEndOfAccount);
  router.post('/accounts/:id/end-sessions', ...admin, proven, sessions.pageEndOfAccount);
  router.get('/api/session/waiting', ...visitor, makingRoom.apiList);
  router.post('/api/session/waiting', ...visitor, makingRoom.apiMakeRoom);
  router.get('/sign-in/make-room', ...visitor, makingRoom.pageList);
  router.post('/sign-in/make-room', ...visitor, makingRoom.pageMakeRoom);
  router.get('/api/remembered-browsers', ...member, sessions.apiListRemembered);
  router.delete('/api/remembered-browsers', ...member, sessions.apiForgetAll);
  router.delete('/api/remembered-browsers/:id', ...member, sessions.apiForget);
  router.delete('/api/account/theft-notice', ...member, sessions.apiDismissTheft);
  router.post('/devices/forget-all', ...member, sessions.pageForgetAll);
  router.post('/devices/remembered/:id/forget', ...member, sessions.pageForget);
  router.post('/devices/theft-notice', ...member, sessions.pageDismissTheft);

  // Identities elsewhere: the provider, hand-off between app servers.
  router.get('/sign-in/provider', ...visitor, provider.pageLeave);
  router.get('/sign-in/provider/callback', ...visitor, provider.pageReturn);
  router.get('/sign-in/provider/prove', ...member, provider.pageProve);
  router.get('/sign-out/provider', ...visitor, provider.pageSignOut);
  router.get('/hand-off', ...member, handOff.pageAsk);
  router.post('/hand-off', ...member, handOff.pageSend);
  router.get('/hand-off/begin', ...visitor, handOff.pageBegin);
  router.get('/hand-off/accept/:token', ...visitor, handOff.pageAccept);
  router.get('/api/account/identities', ...member, identities.apiList);
  router.delete('/api/account/identities/:id', ...member, proven, identities.apiDisconnect);
  router.get('/account/identities', ...member, identities.pageList);
  router.post('/account/identities/provider', ...member, proven, provider.pageConnect);
  router.post('/account/identities/peers/:name', ...member, proven, handOff.pageConnect);
  router.post('/account/identities/:id/disconnect', ...member, proven, identities.pageDisconnect);
  // API keys, and what the API can do.
  router.get('/api/api-keys', ...member, apiKeys.apiList);
  router.post('/api/api-keys', ...member, proven, apiKeys.apiAdd);
  router.delete('/api/api-keys/:id', ...member, apiKeys.apiRevoke);
  router.get('/api-keys', ...member, apiKeys.pageList);
  router.post('/api-keys', ...member, proven, apiKeys.pageAdd);
  router.post('/api-keys/:id/revoke', ...member, apiKeys.pageRevoke);
  router.get('/api/openapi.json', openApi.document);
  router.get('/api', openApi.page);

  // Second factors.
  router.post('/api/session/proof/passkey/options', ...owner, factorProofs.apiPasskeyOptions);
  router.post('/api/session/proof/passkey', ...owner, factorProofs.apiProve);
  router.post('/api/session/passkey/options', ...visitor, factorSignIn.apiPasskeyOptions);
  router.post('/api/session/passkey', ...visitor, factorSignIn.apiEnterByPasskey);
  router.get('/api/session/second-factor', ...visitor, factorSignIn.apiShowPending);
  router.post('/api/session/second-factor', ...visitor, factorSignIn.apiGiveCode);
  router.post(
    '/api/session/second-factor/passkey/options',
    ...visitor,
    factorSignIn.apiSecondPasskeyOptions,
  );
  router.post('/api/session/second-factor/passkey', ...visitor, factorSignIn.apiGivePasskey);
  router.get('/api/account/second-factor', ...owner, factors.apiShow);
  router.post('/api/account/second-factor/totp', ...provenOwner, factors.apiBeginTotp);
  router.put('/api/account/second-factor/totp', ...provenOwner, factors.apiConfirmTotp);
  router.delete('/api/account/second-factor/totp', ...provenOwner, factors.apiRemoveTotp);
  router.post('/api/account/second-factor/recovery-codes', ...provenOwner, factors.apiRenewCodes);
  router.post('/api/account/passkeys/options', ...provenOwner, factors.apiPasskeyOptions);
  router.post('/api/account/passkeys', ...provenOwner, factors.apiAddPasskey);
  router.patch('/api/account/passkeys/:id', ...provenOwner, factors.apiRenamePasskey);
  router.delete('/api/account/passkeys/:id', ...provenOwner, factors.apiDeletePasskey);
  router.delete('/api/accounts/:id/second-factor', ...admin, proven, factors.apiTakeAway);
  router.get('/sign-in/second-factor', ...visitor, factorSignIn.pageStep);
  router.post('/sign-in/second-factor', ...visitor, factorSignIn.pageStepPost);
  router.get('/account/second-factor', ...owner, factors.pageShow);
  router.get('/account/second-factor/totp', ...provenOwner, factors.pageSetUpTotp);
  router.post('/account/second-factor/totp', ...provenOwner, factors.pageBeginTotp);
  router.post('/account/second-factor/totp/confirm', ...provenOwner, factors.pageConfirmTotp);
  router.post('/account/second-factor/totp/remove', ...provenOwner, factors.pageRemoveTotp);
  router.post('/account/second-factor/recovery-codes', ...provenOwner, factors.pageRenewCodes);
  router.post('/account/second-factor/recovery-codes/text', ...owner, factors.pageCodesAsText);
  router.post('/account/passkeys/:id/name', ...provenOwner, factors.pageRenamePasskey);
  router.post('/account/passkeys/:id/delete', ...provenOwner, factors.pageDeletePasskey);
  router.post('/accounts/:id/second-factor/remove', ...admin, proven, factors.pageTakeAway);
  return router;
}
