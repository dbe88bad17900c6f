// Claims and the public keys, as the OpenAPI document has them.
import { MOST_PUBLISHED_KEYS, MOST_RETIRED_KEYS } from '@claimcheck/shared/claim';
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import { bytes, done, id, instant, next, type ApiDescription } from '../openapi/describe.js';
import { claimInput } from './input.js';

const minted = z.object({
  id: id.meta({ description: 'The nonce of the claim.' }),
  url: z.string().meta({
    format: 'uri',
    description:
      'Where the file is fetched, once. Whoever has it can: pass it on and keep it nowhere.',
  }),
  expiresAt: instant,
});

const claim = z
  .object({
    id,
    fileId: id,
    fileName: z.string(),
    size: bytes,
    createdAt: instant,
    expiresAt: instant,
    mode: z.enum(['strict', 'resumable']),
    state: z.enum([
      'waiting',
      'started',
      'interrupted',
      'finished',
      'broken-off',
      'expired',
      'revoked',
    ]),
    bytesSent: bytes.meta({ description: 'Different bytes of the file that have left.' }),
    resumableUntil: instant.optional(),
    startedAt: instant.optional(),
    endedAt: instant.optional(),
    refusedCount: z.int().min(0).meta({ description: 'How often it was tried again once used.' }),
    lastRefusedAt: instant.optional(),
    keyRetiredAt: instant.optional().meta({
      description:
        'Of a `revoked` claim: when the key that signed it was retired in an emergency, if that is why.',
    }),
  })
  .meta({ id: 'Claim' });

const keyId = z.string().regex(/^k[34]\.pid\.[A-Za-z0-9_-]{44}$/);

const publishedKeys = z.object({
  keys: z
    .array(
      z.object({
        kid: keyId,
        key: z.string().regex(/^k(?:4\.public\.[A-Za-z0-9_-]{43}|3\.public\.[A-Za-z0-9_-]{66})$/),
      }),
    )
    .min(1)
    .max(MOST_PUBLISHED_KEYS),
  retired: z
    .array(keyId)
    .max(MOST_RETIRED_KEYS)
    .optional()
    .meta({ description: 'Keys that were killed: nothing that they sign counts ever again.' }),
});

export const claimApi: ApiDescription = {
  tag: 'Claims',
  about: 'A claim says: its bearer may fetch this file, once, in the next minutes.',
  operations: {
    mintClaim: {
      on: 'POST /api/claims',
      summary: 'Mint a claim for one of your files',
      access: 'key:claims:mint',
      body: {
        schema: claimInput,
        example: { fileId: 'k7Qe9dU2mWsR', mode: 'strict', lifetimeSeconds: 120 },
      },
      answers: {
        201: {
          description: 'Minted.',
          schema: minted,
          example: {
            id: '4sVTtq0Vf3S2JtE0Jt5s3A',
            url: 'http://localhost:3001/d/v4.public.AAAA.BBBB/report.pdf',
            expiresAt: '2026-11-22T12:02:00.000Z',
          },
        },
      },
      refusals: ['not-found', 'file-missing', 'file-changed', 'ledger-unavailable'],
    },
    listClaims: {
      on: 'GET /api/claims',
      summary: 'List your claims, with what became of them',
      description: 'Claims of links are told with their link.',
      access: 'key:claims:manage',
      query: pageQuery,
      answers: {
        200: { description: 'Newest first.', schema: z.object({ claims: z.array(claim), next }) },
      },
    },
    revokeClaim: {
      on: 'DELETE /api/claims/{id}',
      summary: 'Withdraw a claim',
      access: 'key:claims:manage',
      answers: { 204: done('Withdrawn; again is no fault.') },
      refusals: ['ledger-unavailable'],
    },
    publishKeys: {
      on: 'GET /.well-known/claimcheck/keys',
      summary: 'The public keys',
      description: 'With which claims are verified. May be kept for as long as Cache-Control says.',
      access: 'anybody',
      refusals: ['busy'],
      answers: {
        200: {
          description: 'All keys whose claims may still be alive.',
          schema: publishedKeys,
          headers: { ETag: 'For If-None-Match.', 'Cache-Control': 'How long it may be kept.' },
        },
        304: done('Still the same.'),
      },
    },
  },
};
