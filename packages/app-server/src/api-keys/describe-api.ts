// API keys, as the OpenAPI document has them.
import type { ApiDescription } from '../openapi/describe.js';
import { done } from '../openapi/describe.js';
import { keyListOutput, newKeyInput, newKeyOutput } from './input.js';

const KEY = {
  id: 'q3cWlYvGxq0a',
  name: 'nightly report',
  scopes: ['claims:mint', 'files:read'],
  state: 'active',
  createdAt: '2026-11-22T12:00:00.000Z',
  expiresAt: '2027-02-20T12:00:00.000Z',
  lastUsedAt: null,
  lastUsedAddress: null,
};

export const apiKeyApi: ApiDescription = {
  tag: 'API keys',
  about: 'With which programs of yours mint claims and make links without signing in.',
  operations: {
    listApiKeys: {
      on: 'GET /api/api-keys',
      summary: 'List your API keys that are not revoked',
      access: 'session',
      answers: {
        200: { description: 'Newest first.', schema: keyListOutput, example: { keys: [KEY] } },
      },
    },
    makeApiKey: {
      on: 'POST /api/api-keys',
      summary: 'Make an API key',
      description: 'Its owner gets a mail. An account has at most fifty.',
      access: 'session',
      proven: true,
      body: {
        schema: newKeyInput,
        example: { name: 'nightly report', scopes: ['claims:mint'], expiresInSeconds: 7776000 },
      },
      answers: {
        201: { description: 'With the key, which is shown only now.', schema: newKeyOutput },
      },
      refusals: ['conflict'],
    },
    revokeApiKey: {
      on: 'DELETE /api/api-keys/{id}',
      summary: 'Revoke an API key',
      description: 'Every claim that it minted dies at once. Links that it made stay.',
      access: 'session',
      answers: { 204: done('Revoked; again is no fault.') },
      refusals: ['ledger-unavailable'],
    },
  },
};
