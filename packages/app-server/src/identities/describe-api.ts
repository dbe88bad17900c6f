// Identities elsewhere, as the OpenAPI document has them.
import { done, type ApiDescription } from '../openapi/describe.js';
import { identitiesOutput } from './routes.js';

export const identityApi: ApiDescription = {
  tag: 'Identities',
  about:
    'Identities at a provider or another app server, by which you sign in here. Connecting one needs a browser.',
  operations: {
    listIdentities: {
      on: 'GET /api/account/identities',
      summary: 'List your identities elsewhere',
      access: 'session',
      answers: { 200: { description: 'Those that are connected.', schema: identitiesOutput } },
    },
    disconnectIdentity: {
      on: 'DELETE /api/account/identities/{id}',
      summary: 'Disconnect an identity',
      access: 'session',
      proven: true,
      answers: { 204: done("Disconnected; the account's other sessions have ended.") },
      refusals: ['conflict', 'ledger-unavailable'],
    },
  },
};
