// All descriptions of the API, in the order of the document. A route under `/api/` that is in none of them, and a
// description of no route, fail `test/openapi`.
import { accountApi } from '../accounts/describe-api.js';
import { apiKeyApi } from '../api-keys/describe-api.js';
import { auditApi } from '../audit/describe-api.js';
import { claimApi } from '../claims/describe-api.js';
import { factorApi } from '../factors/describe-api.js';
import { fileApi } from '../files/describe-api.js';
import { serverApi } from '../http/describe-api.js';
import { identityApi } from '../identities/describe-api.js';
import { linkApi } from '../links/describe-api.js';
import { mailApi } from '../mail/describe-api.js';
import { sessionApi } from '../sessions/describe-api.js';
import { webhookApi } from '../webhooks/describe-api.js';
import { buildDocument, type OpenApiDocument } from './build-document.js';
import { describeDownloads } from './describe-downloads.js';

const DESCRIPTIONS = [
  claimApi,
  linkApi,
  fileApi,
  apiKeyApi,
  webhookApi,
  sessionApi,
  factorApi,
  accountApi,
  identityApi,
  auditApi,
  mailApi,
  serverApi,
];

/** The version of what is described; a change that breaks clients changes its first number. */
const VERSION = '1.0.0';

export function describeWholeApi(origins: {
  appOrigin: string;
  downloadOrigin: string;
}): OpenApiDocument {
  return buildDocument({
    appOrigin: origins.appOrigin,
    version: VERSION,
    descriptions: DESCRIPTIONS,
    elsewhere: describeDownloads(origins.downloadOrigin),
  });
}
