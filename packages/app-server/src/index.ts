// What `npm start` and the tests need of the app server. Nothing else imports it.
export { forgetAudit } from './audit/forget-audit.js';
export { ACTION_NAMES, AUDIT_ACTIONS } from './audit/describe-action.js';
export { recordAudit, recordAudits } from './audit/record-audit.js';
export { recordRefusedSignIn, tellRefusedSignIns } from './audit/record-refused-sign-in.js';
export { addressBlock } from './sign-in/address-block.js';
export { normaliseEmail } from './accounts/email.js';
export { readConfig, type AppConfig } from './config.js';
export { lockDirectory } from './database/directory-lock.js';
export { migrations } from './database/migrations.js';
export { openDatabase, type OpenDatabase } from './database/open-database.js';
export { createPglitePool } from './database/pglite-pool.js';
export { createSecretSeal } from './factors/seal-secret.js';
export { matchTotp, totpUrl, writeTotpSecret } from './factors/totp.js';
export { drawQrCode } from './factors/qr-code.js';
export { isFromOwnPage, type RequestSource } from './http/csrf.js';
export { createAppMetrics, type AppMetrics } from './metrics.js';
export { localPath } from './http/local-path.js';
export { queueFetchedNotice, type FetchedNotice } from './mail/fetched-notice.js';
export { queueMail, type NewMail } from './mail/queue-mail.js';
export { layOutMail, quote } from './mail/lay-out-mail.js';
export { startAppServer, type AppServer, type AppServerOptions } from './server.js';
export { openPlaces } from './sessions/place-of-address.js';
export { createRedisSessionStore } from './sessions/redis-session-store.js';
export {
  hashOfId,
  newSessionId,
  type Room,
  type Session,
  type SessionLimits,
  type SessionStore,
} from './sessions/session-store.js';
export { createSqlSessionStore } from './sessions/sql-session-store.js';
export { isPublicAddress } from './webhooks/public-address.js';
export { queueWebhookEvents } from './webhooks/queue-event.js';
export { createDeliverySender, type ResolveHost } from './webhooks/send-delivery.js';
export { signDelivery } from './webhooks/sign-delivery.js';
export { hashOfKey, isKeyText, newKeyText } from './api-keys/key-text.js';
export { describeWholeApi } from './openapi/join-descriptions.js';
