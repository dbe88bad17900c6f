// One's identities elsewhere, as the OpenAPI document has them.
import type { ApiDescription } from '../openapi/describe.js';
import { done } from '../openapi/describe.js';
import { identitiesOutput } from './input.js';

export const identityApi: ApiDescription = {
  tag: 'Identities elsewhere',
  about:
    'An identity provider or another server that your account can be entered through. Connecting one needs a browser.',
  operations: {
    listIdentities: {
      on: 'GET /api/account/identities',
      summary: 'List what your account is connected with',
      access: 'session',
      answers: {
        200: {
          description: 'Oldest first.',
          schema: identitiesOutput,
          example: {
            identities: [
              {
                id: 'q3cWlYvGxq0a',
                issuer: 'https://login.example.org',
                name: 'Our login',
                email: 'ada@example.org',
                createdAt: '2026-11-22T12:00:00.000Z',
                lastUsedAt: null,
              },
            ],
          },
        },
      },
    },
    disconnectIdentity: {
      on: 'DELETE /api/account/identities/{id}',
      summary: 'Disconnect one',
      description: 'The other sessions of the account end. Without a password it stays.',
      access: 'session',
      proven: true,
      answers: { 204: done('Disconnected.') },
      refusals: ['conflict', 'ledger-unavailable'],
    },
  },
};
