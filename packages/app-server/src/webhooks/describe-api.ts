// Webhooks, as the OpenAPI document has them.
import { z } from 'zod';
import { done, id, instant, type ApiDescription } from '../openapi/describe.js';
import { webhookInput } from './input.js';

const webhook = z
  .object({
    id,
    url: z.string().meta({ format: 'uri' }),
    stopped: z.boolean().meta({ description: 'The other side answered 410.' }),
    oldSecretSignsUntil: instant.optional(),
    createdAt: instant,
  })
  .meta({ id: 'Webhook' });

const withSecret = webhook
  .extend({ secret: z.string().meta({ description: 'Shown only now.' }) })
  .meta({ id: 'WebhookWithSecret' });

const delivery = z.object({
  id,
  event: z.string(),
  state: z.enum(['queued', 'delivered', 'failed']),
  attempts: z.int().min(0),
  lastStatus: z.int().optional(),
  lastError: z.string().optional(),
  nextAttemptAt: instant.optional(),
  createdAt: instant,
  deliveredAt: instant.optional(),
});

export const webhookApi: ApiDescription = {
  tag: 'Webhooks',
  about: 'A program of yours is told of downloads and links, signed as Standard Webhooks has it.',
  operations: {
    listWebhooks: {
      on: 'GET /api/webhooks',
      summary: 'List your webhooks',
      access: 'session',
      answers: {
        200: { description: 'Oldest first.', schema: z.object({ webhooks: z.array(webhook) }) },
      },
    },
    addWebhook: {
      on: 'POST /api/webhooks',
      summary: 'Add a webhook',
      access: 'session',
      proven: true,
      body: { schema: webhookInput(false), example: { url: 'https://example.org/hook' } },
      answers: { 201: { description: 'With its secret.', schema: withSecret } },
      refusals: ['conflict'],
    },
    deleteWebhook: {
      on: 'DELETE /api/webhooks/{id}',
      summary: 'Delete a webhook',
      access: 'session',
      answers: { 204: done('Gone, with its deliveries.') },
    },
    rotateWebhookSecret: {
      on: 'POST /api/webhooks/{id}/secret',
      summary: 'Make a new secret',
      access: 'session',
      proven: true,
      answers: { 200: { description: 'The old one signs too for a day.', schema: withSecret } },
      refusals: ['conflict'],
    },
    testWebhook: {
      on: 'POST /api/webhooks/{id}/test',
      summary: 'Send a test',
      access: 'session',
      answers: {
        202: { description: 'On its way.', schema: z.object({ deliveryId: id.optional() }) },
      },
    },
    listDeliveries: {
      on: 'GET /api/webhooks/{id}/deliveries',
      summary: 'What became of the last deliveries',
      access: 'session',
      answers: {
        200: {
          description: 'At most fifty, newest first.',
          schema: z.object({ deliveries: z.array(delivery) }),
        },
      },
    },
  },
};
