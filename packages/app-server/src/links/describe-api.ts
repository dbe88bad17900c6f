// Links and the recipient's page, as the OpenAPI document has them.
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import type { AppRefusal } from '../http/problems.js';
import { bytes, done, email, id, instant, next, type ApiDescription } from '../openapi/describe.js';
import { linkChangeInput, newLinksInput, revokeManyInput, sendAgainInput } from './input.js';
import { pressForm } from './landing-routes.js';

const STATES = [
  'waiting',
  'seen',
  'under-way',
  'interrupted',
  'partly',
  'finished',
  'broken-off',
  'expired',
  'revoked',
  'file-gone',
] as const;

const link = z
  .object({
    id,
    state: z.enum(STATES),
    fileId: id,
    fileName: z.string(),
    size: bytes,
    to: email.nullable(),
    message: z.string().nullable(),
    copies: z.int().min(1),
    copiesUsed: z.int().min(0),
    copiesFinished: z.int().min(0),
    bytesSent: bytes,
    needsCode: z.boolean(),
    notify: z.boolean(),
    createdAt: instant,
    expiresAt: instant,
    revokedAt: instant.nullable(),
    pageSeenAt: instant.nullable(),
    finishedAt: instant.nullable(),
    mail: z
      .object({
        state: z.enum(['queued', 'sent', 'failed']),
        sentAt: instant.nullable(),
        error: z.string().nullable(),
      })
      .optional(),
  })
  .meta({ id: 'Link' });

const shown = link
  .extend({
    timeline: z.array(
      z.object({
        at: instant,
        kind: z.string(),
        detail: z.string().optional(),
        reason: z.string().optional(),
        bytes: bytes.optional(),
      }),
    ),
  })
  .meta({ id: 'LinkWithTimeline' });

const made = z
  .object({
    id,
    url: z.string().meta({ format: 'uri', description: 'Shown only now: only its hash is kept.' }),
    to: email.nullable(),
    fileId: id,
    expiresAt: instant,
    code: z
      .string()
      .regex(/^\d{6}$/)
      .optional(),
  })
  .meta({ id: 'MadeLink' });

const listQuery = pageQuery.extend({ fileId: id.optional(), to: email.optional() });

const csv = (description: string) => ({
  description,
  mediaType: 'text/csv',
  headers: { 'Content-Disposition': 'attachment' },
});
const stream = (description: string) => ({ description, mediaType: 'text/event-stream' });

const ENDED: readonly AppRefusal[] = [
  'link-unknown',
  'link-replaced',
  'link-expired',
  'link-revoked',
  'link-file-gone',
  'link-sender-gone',
  'link-used',
  'database-unavailable',
];

export const linkApi: ApiDescription = {
  tag: 'Links',
  about: 'For people without an account: an address whose button mints a claim.',
  operations: {
    makeLinks: {
      on: 'POST /api/links',
      summary: 'Make links, one for each file and recipient',
      description:
        'Of one alone, its fields also stand beside `links`. `uses` is another name for `copies`.',
      access: 'key:links:create',
      body: {
        schema: newLinksInput,
        example: { fileId: 'k7Qe9dU2mWsR', to: ['ada@example.org'], copies: 1 },
      },
      answers: {
        201: {
          description: 'Made; with `to`, a mail is on its way.',
          schema: made.partial().extend({ links: z.array(made) }),
        },
      },
      refusals: ['not-found', 'file-missing', 'file-changed', 'links-used-up'],
    },
    listLinks: {
      on: 'GET /api/links',
      summary: 'List your links',
      access: 'key:links:manage',
      query: listQuery,
      answers: {
        200: { description: 'Newest first.', schema: z.object({ links: z.array(link), next }) },
      },
    },
    revokeLinks: {
      on: 'DELETE /api/links',
      summary: 'Withdraw all links to a file or to an address',
      access: 'key:links:manage',
      query: revokeManyInput,
      answers: {
        200: { description: 'How many.', schema: z.object({ revoked: z.int().min(0) }) },
      },
      refusals: ['ledger-unavailable'],
    },
    exportLinks: {
      on: 'GET /api/links.csv',
      summary: 'Your links as a table',
      access: 'key:links:manage',
      query: listQuery,
      answers: { 200: csv('500 rows; a `Link` header leads to those after.') },
    },
    followLinks: {
      on: 'GET /api/links/events',
      summary: 'Be told of every change of the list',
      access: 'key:links:manage',
      answers: { 200: stream('Server-sent events `change`, each with the first page.') },
    },
    showLink: {
      on: 'GET /api/links/{id}',
      summary: 'One link with its story',
      access: 'key:links:manage',
      answers: { 200: { description: 'The story is oldest first.', schema: shown } },
    },
    changeLink: {
      on: 'PATCH /api/links/{id}',
      summary: 'Extend a link, allow more copies, or change whether you are told',
      access: 'key:links:manage',
      body: { schema: linkChangeInput, example: { expiresInSeconds: 604800 } },
      answers: { 200: { description: 'The link as it is now.', schema: shown } },
      refusals: ['conflict'],
    },
    revokeLink: {
      on: 'DELETE /api/links/{id}',
      summary: 'Withdraw a link',
      access: 'key:links:manage',
      answers: { 204: done('Withdrawn; again is no fault.') },
      refusals: ['ledger-unavailable'],
    },
    sendLinkAgain: {
      on: 'POST /api/links/{id}/send',
      summary: 'Give a link a new address, and mail it',
      access: 'key:links:manage',
      body: { schema: sendAgainInput, example: {} },
      answers: { 200: { description: 'The old address says that it was replaced.', schema: made } },
      refusals: ['conflict', 'links-used-up'],
    },
    followLink: {
      on: 'GET /api/links/{id}/events',
      summary: 'Be told of every change of one link',
      access: 'key:links:manage',
      answers: { 200: stream('Server-sent events `change`, each with the link.') },
    },
    exportTimeline: {
      on: 'GET /api/links/{id}/timeline.csv',
      summary: 'The story of a link as a table',
      access: 'key:links:manage',
      answers: { 200: csv('Oldest first.') },
    },
    landOnLink: {
      on: 'GET /l/{handle}',
      summary: 'The page of a link',
      description: 'Uses nothing up, whoever opens it.',
      access: 'anybody',
      path: { handle: 'From the address of the link.' },
      answers: { 200: { description: 'A page with a button.', mediaType: 'text/html' } },
      refusals: ENDED,
    },
    pressLink: {
      on: 'POST /l/{handle}',
      summary: 'Press the button of a link',
      access: 'anybody',
      path: { handle: 'From the address of the link.' },
      body: { mediaType: 'application/x-www-form-urlencoded', schema: pressForm },
      answers: {
        303: {
          description: 'To the claim.',
          headers: { Location: 'Where the file is fetched, once.' },
        },
      },
      refusals: [
        ...ENDED,
        'not-pressed',
        'wrong-code',
        'too-many-attempts',
        'file-missing',
        'file-changed',
        'ledger-unavailable',
        'busy',
      ],
    },
  },
};
