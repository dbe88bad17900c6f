// The outbox, as the OpenAPI document has it.
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import { done, email, id, instant, next, type ApiDescription } from '../openapi/describe.js';
import { outboxFilter } from './routes.js';

const mail = z
  .object({
    id,
    kind: z.enum([
      'link',
      'fetched-notice',
      'sign-in',
      'reset-password',
      'invitation',
      'account-notice',
    ]),
    to: email,
    subject: z.string(),
    linkId: id.optional(),
    state: z.enum(['queued', 'sent', 'failed']),
    attempts: z.int().min(0),
    lastError: z.string().optional(),
    nextAttemptAt: instant.optional(),
    createdAt: instant,
    sentAt: instant.optional(),
  })
  .meta({ id: 'Mail' });

export const mailApi: ApiDescription = {
  tag: 'Outbox',
  about: 'For administrators: mails that wait, were sent, or failed. Never what is in them.',
  operations: {
    listMails: {
      on: 'GET /api/outbox',
      summary: 'List mails',
      access: 'admin',
      query: pageQuery.extend(outboxFilter.shape),
      answers: {
        200: {
          description: 'Newest first, with how many wait and have failed.',
          schema: z.object({
            mails: z.array(mail),
            counts: z.object({ queued: z.int().min(0), failed: z.int().min(0) }),
            next,
          }),
        },
      },
    },
    retryMail: {
      on: 'POST /api/outbox/{id}/retry',
      summary: 'Have a mail tried again now',
      access: 'admin',
      answers: { 204: done('It is being tried.') },
      refusals: ['conflict'],
    },
  },
};
